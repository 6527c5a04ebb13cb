"""Which Plex libraries are ours, and where in them a scene would be."""

import logging
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from domain.errors import PermanentError, TransientError, UserError
from domain.plex_item import Section, SectionKey
from domain.scene import Scene
from plex.paths import FilePath
from sync_queue.database import in_our_words_and_oserror
from worker.services import Services

log = logging.getLogger(__name__)

KIND = "movie"  # home video libraries are of this type too

FORGET_INDEX = "plex_index.forget"  # an empty file: somebody wants the index to be built again


def chosen_sections(services: Services) -> tuple[Section, ...]:
    """The libraries the user chose, all that hold videos if none; the index knows them then.

    Raises:
        UserError: Plex has none of them.
    """
    chosen = choose(services.plex.sections(), services.config.plex_library)
    services.index.prepare(services.plex, chosen)
    return chosen


def choose(libraries: Sequence[Section], names: Sequence[str]) -> tuple[Section, ...]:
    """Those of Plex's libraries that the user named, all that hold videos if none.

    Raises:
        UserError: Plex has none of them.
    """
    wanted = {name.casefold(): name for name in names}
    chosen = named(libraries, names)
    there = ", ".join(s.title for s in named(libraries, ())) or "none that holds videos"
    if not chosen:
        these = ", ".join(wanted.values()) or "no library that holds videos"
        raise UserError(f"Plex has no library {these} (it has: {there}): check plex_library")
    for name in wanted.keys() - {s.title.casefold() for s in chosen}:
        log.warning("Plex has no library %s (it has: %s): check plex_library", wanted[name], there)
    return chosen


def named(libraries: Sequence[Section], names: Sequence[str]) -> tuple[Section, ...]:
    """Those of *libraries* that hold videos and bear one of *names*, in any case; () for all."""
    wanted = {name.casefold() for name in names}
    return tuple(
        one
        for one in libraries
        if one.kind == KIND and (not wanted or one.title.casefold() in wanted)
    )


def ask_to_forget_index(folder: Path) -> None:
    """Have the next batch list all libraries again, whichever process drains it.

    A word, because a process that is listing them now must not lose half of it.

    Raises:
        QueueUnusable: the data folder cannot be written.
    """
    with in_our_words_and_oserror():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / FORGET_INDEX).touch(mode=0o600)


def forget_index_if_asked(services: Services) -> bool:
    """Empty the path index if somebody wants that; return whether it is empty now."""
    word = services.folder / FORGET_INDEX
    if not word.exists():
        return False
    services.index.forget_all()
    word.unlink(missing_ok=True)
    log.info("the match cache is cleared; Plex's libraries are listed again")
    return True


def ask_for_scan(
    services: Services,
    sections: Sequence[Section],
    scene: Scene,
    asked: set[tuple[SectionKey, str]],
) -> None:
    """Have Plex look into the folder of the scene's first file that one of its libraries could see.

    Args:
        asked: what was asked before, in which this one is noted: one scan finds all files.
    """
    if services.config.dry_run:
        return
    for file in scene.files:
        path = services.path_map.apply(file.path) or file.path
        folder = str(_flavour(path)(path).parent)
        for section in sections:
            if not any(_is_within(folder, root) for root in section.locations):
                continue
            if (section.key, folder) not in asked:
                asked.add((section.key, folder))
                _scan(services, section, folder, scene)
            return
    log.info("scene %d: its folder is in no library of Plex: check path_map", scene.id)


def _scan(services: Services, section: Section, folder: str, scene: Scene) -> None:
    try:
        services.plex.scan(section.key, folder)
    except (TransientError, PermanentError) as error:
        # A courtesy: the scene waits in any case, for Plex scans of its own accord too.
        log.warning("scene %d: its folder is not scanned: %s", scene.id, error)
    else:
        log.info("scene %d: asked Plex to scan its folder", scene.id)


def _flavour(path: str) -> type[PurePath]:
    return PureWindowsPath if FilePath.parse(path).windows else PurePosixPath


def _is_within(folder: str, root: str) -> bool:
    return FilePath.parse(folder).begins_with(FilePath.parse(root))
