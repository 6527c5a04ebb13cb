"""What was written to Plex is remembered exactly, and whoever wants an item gets it in the end."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.job import SceneId
from domain.ledger import FieldMemory, ImageMemory, LedgerEntry
from domain.plex_item import RatingKey
from sync_queue.ledger import Ledger
from tests.sync_queue.store import Store

HERE, THERE = "plex-here", "plex-there"

names = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.one_of(names, st.lists(names, max_size=4).map(tuple))
hashes = st.lists(names, max_size=3).map(tuple)
ids = st.integers(1, 2**63 - 1)
entries = st.builds(
    LedgerEntry,
    server=names,
    rating_key=ids.map(RatingKey),
    scene_id=ids.map(SceneId),
    updated_at=names,
    content_hash=names,
    fields=st.dictionaries(
        names, st.builds(FieldMemory, values, st.none() | values, st.integers(0, 99)), max_size=4
    ),
    images=st.dictionaries(names, st.builds(ImageMemory, names, names, earlier=hashes), max_size=2),
    intent=st.dictionaries(names, st.lists(names, max_size=4).map(tuple), max_size=3),
    synced_at=st.floats(0, 4e9),
)


def entry(key: int, scene: int, server: str = HERE) -> LedgerEntry:
    return LedgerEntry(server, RatingKey(key), SceneId(scene))


def remember(store: Store, ledger: Ledger, *known: LedgerEntry) -> None:
    with store.settling():
        for one in known:
            ledger.store(one)


def contend(store: Store, ledger: Ledger, key: int, *scenes: int, server: str = HERE) -> None:
    with store.settling():
        for scene in scenes:
            ledger.contend(server, RatingKey(key), SceneId(scene))


def let_go(store: Store, ledger: Ledger, scene: int, *but: int, server: str = HERE) -> None:
    with store.settling():
        ledger.let_go(SceneId(scene), but=[(server, RatingKey(key)) for key in but])


def held(ledger: Ledger, scene: int, server: str = HERE) -> list[int]:
    return sorted(e.rating_key for e in ledger.of_scene(server, SceneId(scene)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(entry=entries)
def test_an_entry_is_read_as_it_was_stored(
    entry: LedgerEntry, store: Store, ledger: Ledger
) -> None:
    remember(store, ledger, entry)

    found = ledger.of_items(entry.server, [entry.rating_key])[entry.rating_key]
    assert entry in found
    assert entry in ledger.of_scene(entry.server, entry.scene_id)


def test_what_plex_showed_may_be_unknown_or_empty(store: Store, ledger: Ledger) -> None:
    """Nobody has looked yet, and Plex shows nothing, are two different things."""
    fields = {
        "title": FieldMemory("Ein Tïtel 🏳️‍🌈", seen=None, tries=1),
        "summary": FieldMemory("שלום", seen=""),
        "genres": FieldMemory(("a;b", "c,d"), seen=()),
        "cast": FieldMemory((), seen=None),
    }
    remember(store, ledger, replace(entry(1, 1), fields=fields))

    [found] = ledger.of_scene(HERE, SceneId(1))
    assert found.fields == fields


def test_a_new_entry_replaces_the_old_one_whole(store: Store, ledger: Ledger) -> None:
    old = replace(entry(1, 1), intent={"genres": ("x",)}, updated_at="then")
    new = replace(entry(1, 1), updated_at="now")

    remember(store, ledger, old, new)

    assert ledger.of_scene(HERE, SceneId(1)) == [new]


def test_what_is_known_of_items_comes_lowest_scene_first(store: Store, ledger: Ledger) -> None:
    remember(store, ledger, entry(7, 30), entry(7, 4), entry(7, 100), entry(8, 1))

    found = ledger.of_items(HERE, [RatingKey(7), RatingKey(8), RatingKey(9)])

    assert {key: [e.scene_id for e in known] for key, known in found.items()} == {
        7: [4, 30, 100],
        8: [1],
    }


def test_servers_do_not_know_of_each_other(store: Store, ledger: Ledger) -> None:
    here = replace(entry(7, 1), updated_at="here")
    there = replace(entry(7, 1, THERE), updated_at="there")

    remember(store, ledger, here, there)

    assert ledger.of_items(HERE, [RatingKey(7)]) == {7: [here]}
    assert ledger.of_scene(THERE, SceneId(1)) == [there]


def test_a_scene_that_loses_its_item_is_forgotten_there(store: Store, ledger: Ledger) -> None:
    remember(store, ledger, entry(7, 5), entry(8, 5))

    contend(store, ledger, 7, 5)

    assert held(ledger, 5) == [8]


@pytest.mark.parametrize("times", [1, 2])
def test_contenders_get_a_job_when_the_item_is_free(
    times: int, store: Store, ledger: Ledger
) -> None:
    remember(store, ledger, entry(7, 1))
    for _ in range(times):
        contend(store, ledger, 7, 2, 3)

    let_go(store, ledger, 1)

    assert store.take_all() == [2, 3]


def test_what_is_known_of_an_item_goes_to_the_lowest_contender_and_not_its_version(
    store: Store, ledger: Ledger
) -> None:
    """What we wrote stays ours; that the new scene is up to date is not known."""
    known = replace(
        entry(7, 1),
        updated_at="then",
        content_hash="hash",
        fields={"genres": FieldMemory(("a",), ("a",))},
        intent={"genres": ("b",)},
    )
    remember(store, ledger, known)
    contend(store, ledger, 7, 3, 2)

    let_go(store, ledger, 1)

    inherited = replace(known, scene_id=SceneId(2), updated_at="", content_hash="")
    assert ledger.of_items(HERE, [RatingKey(7)]) == {7: [inherited]}


def stand_back(store: Store, ledger: Ledger, scene: int) -> None:
    with store.settling():
        ledger.stand_back(SceneId(scene))


def test_a_scene_with_nothing_to_show_makes_way_for_one_that_wants_its_item(
    store: Store, ledger: Ledger
) -> None:
    remember(store, ledger, entry(7, 1), entry(8, 1), entry(7, 1, THERE))
    contend(store, ledger, 7, 2)

    stand_back(store, ledger, 1)

    assert store.take_all() == [2]
    assert held(ledger, 1) == [8]
    assert held(ledger, 2) == [7]
    assert held(ledger, 1, THERE) == [7]


def test_a_scene_that_made_way_gets_a_job_when_its_item_is_free_again(
    store: Store, ledger: Ledger
) -> None:
    remember(store, ledger, entry(7, 1))
    contend(store, ledger, 7, 2)
    stand_back(store, ledger, 1)
    store.take_all()

    let_go(store, ledger, 2)

    assert store.take_all() == [1]


def test_a_scene_that_nobody_wants_the_item_of_keeps_it(store: Store, ledger: Ledger) -> None:
    remember(store, ledger, entry(7, 1))

    stand_back(store, ledger, 1)

    assert held(ledger, 1) == [7]
    assert store.take_all() == []


def test_contenders_are_asked_once(store: Store, ledger: Ledger) -> None:
    remember(store, ledger, entry(7, 1))
    contend(store, ledger, 7, 2)
    let_go(store, ledger, 1)
    store.take_all()

    remember(store, ledger, entry(7, 1))
    let_go(store, ledger, 1)

    assert store.take_all() == []


def test_nobody_is_asked_while_the_item_is_held(store: Store, ledger: Ledger) -> None:
    remember(store, ledger, entry(7, 1))
    contend(store, ledger, 7, 2)

    let_go(store, ledger, 1, 7)

    assert store.take_all() == []
    assert held(ledger, 1) == [7]


def test_a_scene_keeps_what_it_holds_and_lets_go_of_the_rest(store: Store, ledger: Ledger) -> None:
    remember(store, ledger, entry(7, 1), entry(8, 1), entry(9, 1), entry(8, 4))
    contend(store, ledger, 8, 2)
    contend(store, ledger, 9, 3)

    let_go(store, ledger, 1, 7, 9)

    assert held(ledger, 1) == [7, 9]
    assert held(ledger, 4) == [8]
    assert store.take_all() == [2]


def test_a_scene_that_is_gone_wants_no_item_any_more(store: Store, ledger: Ledger) -> None:
    remember(store, ledger, entry(7, 1))
    contend(store, ledger, 7, 2, 3)

    let_go(store, ledger, 2)
    let_go(store, ledger, 1)

    assert store.take_all() == [3]


def test_a_scene_that_is_still_in_an_item_goes_on_wanting_it(store: Store, ledger: Ledger) -> None:
    remember(store, ledger, entry(7, 1))
    contend(store, ledger, 7, 2)

    let_go(store, ledger, 2, 7)
    let_go(store, ledger, 1)

    assert store.take_all() == [2]


def test_a_scene_that_is_gone_is_forgotten_on_all_servers(store: Store, ledger: Ledger) -> None:
    remember(store, ledger, entry(7, 1), entry(7, 1, THERE))

    let_go(store, ledger, 1)

    assert held(ledger, 1, HERE) == held(ledger, 1, THERE) == []


def test_what_one_server_holds_says_nothing_of_another(store: Store, ledger: Ledger) -> None:
    """A user who tries another server and comes back finds what was known of the first."""
    remember(store, ledger, entry(7, 1), entry(7, 1, THERE), entry(8, 1, THERE))
    contend(store, ledger, 9, 1)
    contend(store, ledger, 7, 2)

    let_go(store, ledger, 1, 8, server=THERE)

    assert held(ledger, 1, HERE) == [7]
    assert held(ledger, 1, THERE) == [8]
    assert store.take_all() == []


def test_what_is_written_down_in_a_rolled_back_transaction_is_not_remembered(
    store: Store, ledger: Ledger
) -> None:
    unknown = replace(entry(7, 1), intent={"genres": object()})  # type: ignore[dict-item]

    with pytest.raises(TypeError):
        remember(store, ledger, entry(8, 1), unknown)

    assert held(ledger, 1) == []
