"""Two that list a library at once: a run of reconciliation, and the drain between its pages."""

import pytest

from domain.plex_item import Section
from plex import index as plex_index
from plex.client import PlexClient
from plex.index import PathIndex
from tests.plex.samples import fill
from tests.servers.plex import LoopbackPlex


def test_what_comes_after_another_has_asked_is_news_to_the_next_one_who_asks(
    monkeypatch: pytest.MonkeyPatch,
    plex: LoopbackPlex,
    client: PlexClient,
    index: PathIndex,
    sections: tuple[Section, ...],
) -> None:
    monkeypatch.setattr(plex_index, "PAGE", 2)
    fill(plex, 5)
    index.refresh(client, sections)
    asked: list[frozenset[str]] = []

    def drain() -> None:
        if not asked:
            asked.append(index.refresh(client, sections))
            plex.add_item("/plex/new.mp4", 1)

    index.update(client, sections, thorough=[one.key for one in sections], between=drain)

    assert index.candidates("new.mp4")
    assert index.news(sections) == {"new.mp4"}
    assert index.news(sections) == frozenset()


def test_an_update_by_itself_takes_the_news_from_nobody(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    fill(plex, 2)
    index.update(client, sections, thorough=())

    assert index.refresh(client, sections) == {"0.mp4", "1.mp4"}


def test_only_what_was_dropped_is_forgotten(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    fill(plex, 2)
    index.prepare(client, sections)
    assert not index.is_forgotten()

    index.forget_all()

    assert index.is_forgotten()
