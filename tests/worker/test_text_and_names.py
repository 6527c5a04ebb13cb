"""What people write into titles, summaries and names arrives as they wrote it."""

import pytest

from tests.servers.plex import Request
from tests.worker.stage import Stage

LONGEST_URL = 7000  # bytes; proxies refuse lines of 8,000

TEXTS = [
    "Family 👨‍👩‍👧 and flag 🏳️‍🌈",
    "\u200fשלום עולם\u200f ימין",  # noqa: RUF001 -- as people write it
    "مرحبا بالعالم",
    "Ünïcödé & <tags> \"quoted\" 'single' 100% a+b=c #1",
    "semi;colon, comma; and % %25 %2C",
    "日本語のタイトル",
]

NAMES = [
    "one, two",
    "semi;colon",
    'say "hi"',
    "it's",
    "50% off %2C",
    "a&b=c",
    "brackets[0].tag.tag",
    "plus+minus-",
    "Ω≈ç √",
    "👨‍👩‍👧",
    "עברית",
]


@pytest.fixture(params=["additive", "replace"])
def stage_of_each_kind(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    stage.world.plex.tag_mode = request.param
    return stage


@pytest.mark.parametrize("text", TEXTS)
def test_a_title_and_a_summary_arrive_as_written(stage: Stage, text: str) -> None:
    scene = stage.world.add("a", title=text, details=text, studio=text)

    stage.sync(scene)

    shown = stage.world.shown(scene)
    assert (shown["title"], shown["summary"], shown["studio"]) == (text, text, text)


def test_a_summary_keeps_its_lines_and_a_title_has_one(stage: Stage) -> None:
    scene = stage.world.add("a", title="One\ntwo", details="One\r\ntwo\n\n  three\tfour")

    stage.sync(scene)

    shown = stage.world.shown(scene)
    assert shown["title"] == "One two"
    assert shown["summary"] == "One\ntwo\n\n  three\tfour"


def test_a_text_that_arrived_is_not_sent_again(stage: Stage) -> None:
    scenes = [stage.world.add(f"s{n}", title=text, details=text) for n, text in enumerate(TEXTS)]
    stage.sync()
    stage.forget_requests()

    stage.sync(*scenes)

    assert stage.plex_saw("PUT") == 0


def test_names_with_any_character_arrive_as_written(stage_of_each_kind: Stage) -> None:
    stage = stage_of_each_kind
    scene = stage.world.add("a", tags=NAMES, performers=NAMES)

    stage.sync(scene)

    shown = stage.world.shown(scene)
    assert shown["genres"] == NAMES
    assert shown["cast"] == NAMES


def test_names_with_any_character_go_when_stash_drops_them(stage_of_each_kind: Stage) -> None:
    stage = stage_of_each_kind
    scene = stage.world.add("a", tags=NAMES, performers=NAMES)
    stage.clock.move(10)
    stage.sync(scene)

    stage.edit(scene, tags=["kept"], performers=[])
    stage.drain()

    shown = stage.world.shown(scene)
    assert (shown["genres"], shown["cast"]) == (["kept"], [])


@pytest.mark.parametrize("character", ["a", "é", "漢", "👩"])
def test_a_summary_of_10000_characters_is_cut_to_what_one_edit_carries(
    stage: Stage, character: str
) -> None:
    text = character * 10_000
    scene = stage.world.add("a", title="A", details=text, tags=["t"])

    stage.sync(scene)

    summary = stage.world.shown(scene)["summary"]
    assert summary.endswith("…")
    assert text.startswith(summary[:-1])
    assert len(summary) > 500
    assert max(len(r.target) for r in stage.puts(scene)) <= LONGEST_URL


def test_a_summary_that_was_cut_is_not_sent_again_but_its_edit_is(stage: Stage) -> None:
    scene = stage.world.add("a", title="A", details="x" * 10_000)
    stage.clock.move(10)
    stage.sync(scene)
    stage.sync(scene)
    assert len(stage.puts(scene)) <= 2
    stage.forget_requests()

    stage.sync(scene)
    assert stage.plex_saw("PUT") == 0
    stage.edit(scene, details="y" * 10_000)
    stage.drain()

    assert stage.world.shown(scene)["summary"].startswith("yyy")


def test_a_shortened_summary_is_told_in_the_log(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    scene = stage.world.add("a", title="A", details="x" * 10_000)

    stage.sync(scene)

    assert f"scene {scene}: summary shortened" in caplog.text


def test_300_long_tags_arrive_in_edits_that_every_proxy_lets_through(stage: Stage) -> None:
    stage.open(max_tags=1000)
    tags = [f'日本語のタグ {n}, with; "quotes"' for n in range(300)]
    scene = stage.world.add("a", title="A", details="漢" * 700, tags=tags)

    stage.sync(scene)

    shown = stage.world.shown(scene)
    assert shown["genres"] == tags
    assert shown["summary"] == "漢" * 700
    assert max(len(r.target) for r in stage.puts(scene)) <= LONGEST_URL


def test_300_tags_go_again_in_edits_that_every_proxy_lets_through(stage: Stage) -> None:
    stage.open(max_tags=1000)
    scene = stage.world.add("a", tags=[f"日本語のタグ {n}" for n in range(300)])
    stage.clock.move(10)
    stage.sync(scene)
    stage.forget_requests()

    stage.edit(scene, tags=["one"])
    stage.drain()

    assert stage.world.shown(scene)["genres"] == ["one"]
    assert max(len(r.target) for r in stage.puts(scene)) <= LONGEST_URL


def test_of_a_long_list_that_failed_in_the_middle_nothing_stays_when_stash_drops_it(
    stage: Stage,
) -> None:
    stage.open(max_tags=1000)
    world = stage.world
    scene = world.add("a", tags=[f"日本語のタグ {n}" for n in range(300)])

    def no_more_after_the_first_tags(request: Request) -> None:
        if "genre.locked" in request.args:
            world.plex.weather(500, only="PUT")

    world.plex.before_answer = no_more_after_the_first_tags
    stage.sync(scene)
    assert 0 < len(world.shown(scene)["genres"]) < 300

    world.plex.before_answer = None
    world.plex.weather("fine")
    stage.edit(scene, tags=["one"])
    stage.drain()

    assert world.shown(scene)["genres"] == ["one"]


def test_a_tag_that_differs_in_case_or_blanks_from_the_users_is_not_added_twice(
    stage: Stage,
) -> None:
    scene = stage.world.add("a", tags=["Red  wine"])
    stage.world.plex.user_edits(stage.world.key(scene), genre=["red wine"])

    stage.sync(scene)

    assert len(stage.world.shown(scene)["genres"]) == 1
