"""Which Plex libraries are ours, and where in them a scene would be."""

import logging
from collections.abc import Sequence
from pathlib import PurePosixPath

from domain.errors import UserError
from domain.plex_item import Section
from domain.scene import Scene
from worker.services import Services

log = logging.getLogger(__name__)

KIND = "movie"  # home video libraries are of this type too


def chosen_sections(services: Services) -> tuple[Section, ...]:
    """The libraries the user chose, all that hold videos if none; the index knows them then.

    Raises:
        UserError: Plex has none of them.
    """
    sections = [s for s in services.plex.sections() if s.kind == KIND]
    wanted = {name.casefold(): name for name in services.config.plex_library}
    chosen = tuple(s for s in sections if not wanted or s.title.casefold() in wanted)
    there = ", ".join(s.title for s in sections) or "none that holds videos"
    if not chosen:
        named = ", ".join(wanted.values()) or "no library that holds videos"
        raise UserError(f"Plex has no library {named} (it has: {there}): check plex_library")
    for name in wanted.keys() - {s.title.casefold() for s in chosen}:
        log.warning("Plex has no library %s (it has: %s): check plex_library", wanted[name], there)
    services.index.prepare(services.plex, chosen)
    return chosen


def ask_for_scan(services: Services, sections: Sequence[Section], scene: Scene) -> None:
    """Have Plex look into the folder of each of the scene's files that it could see."""
    for file in scene.files:
        folder = str(PurePosixPath(services.path_map.apply(file.path) or file.path).parent)
        for section in sections:
            if any(folder == root or folder.startswith(root.rstrip("/\\") + "/")
                   for root in section.locations):  # fmt: skip
                services.plex.scan(section.key, folder)
                log.info("scene %d: asked Plex to scan its folder", scene.id)
                return
    log.info("scene %d: its folder is in no library of Plex: check path_map", scene.id)
