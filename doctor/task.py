"""Check Setup: walks the whole way from Stash to Plex, says what is wrong, and changes nothing."""

import heapq
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from doctor import home, paths, servers
from doctor.example import CANDIDATES, choose_example, show_example
from doctor.finding import Finding
from domain.errors import BadSettings, Stash2PlexError
from domain.plex_item import Section
from domain.scene import Scene
from plex.client import PlexClient
from plex.index import PathIndex
from plex.path_rules import propose
from plex.paths import PathMap
from stash.client import StashClient
from stash.scrubber import Scrubber
from sync_queue.ledger import Ledger
from sync_queue.manager import QueueManager
from validation.config import Stash2PlexConfig, load_config
from worker.services import Services, plex_client

log = logging.getLogger(__name__)

WELL = "all is well"


def check_setup(
    stash: StashClient | None,
    config: Stash2PlexConfig | None,
    manager: QueueManager,
    on_progress: Callable[[float], None] = lambda _: None,
) -> dict[str, Any]:
    """Look at every link of the chain; the details are in the log.

    Args:
        config: None if the settings are not filled in, which is one of the findings.

    Returns:
        ``summary``, one sentence, and ``findings`` for programs.
    """
    if stash is None:
        raise RuntimeError("a task ran before initialize()")
    log.info("=== Check Setup ===")
    findings: list[Finding] = []
    for finding in _look(stash, manager, on_progress):
        log.log(logging.INFO if finding.is_well else logging.WARNING, "%s", finding)
        findings.append(finding)
    wrong = [finding for finding in findings if not finding.is_well]
    summary = WELL
    if wrong:
        summary = f"{len(wrong)} to be mended: {'; '.join(map(str, wrong))}"
    log.info("Check Setup: %s", summary)
    scrub = Scrubber(obfuscate_paths=config is not None and config.obfuscate_paths).text
    texts = [{name: scrub(text) for name, text in asdict(one).items()} for one in findings]
    return {"summary": scrub(summary), "findings": texts}


def _look(
    stash: StashClient, manager: QueueManager, on_progress: Callable[[float], None]
) -> Iterator[Finding]:
    """From near to far; what lies behind a broken link is not looked at."""
    yield from home.look_around(manager)
    try:
        server = stash.start()
    except Stash2PlexError as error:
        yield Finding("Stash: does not answer as it should", str(error))
        return
    yield Finding(f"Stash: {server.version or 'a build without a version'} answers")
    yield from home.compare_clocks(server, manager.clock.now())
    try:
        loaded = load_config(server.settings)
    except BadSettings as error:
        yield Finding("Settings: something is missing", str(error))
        return
    yield from home.look_at_settings(loaded)
    with (
        closing(plex_client(loaded.config, manager.folder)) as plex,
        tempfile.TemporaryDirectory() as folder,
        closing(PathIndex(Path(folder) / "plex_index.db")) as index,
    ):
        libraries = yield from servers.reach_plex(plex, loaded.config)
        yield from servers.look_at_libraries(libraries, loaded.config)
        chosen = servers.ours(libraries, loaded.config)
        try:
            if chosen:
                what = _Inventory(stash, loaded.config, manager, plex, index, chosen)
                yield from what.look(on_progress)
        except Stash2PlexError as error:
            yield Finding("Check Setup could not look at everything", str(error))


class _Inventory:
    """What both sides have, compared in a folder that is thrown away."""

    def __init__(
        self,
        stash: StashClient,
        config: Stash2PlexConfig,
        manager: QueueManager,
        plex: PlexClient,
        index: PathIndex,
        libraries: Sequence[Section],
    ) -> None:
        self._stash = stash
        self._config = config
        self._manager = manager
        self._plex = plex
        self._index = index
        self._libraries = libraries

    def look(self, on_progress: Callable[[float], None]) -> Iterator[Finding]:
        self._index.prepare(self._plex, self._libraries)
        for library in self._libraries:
            yield servers.look_at_library(library, self._index.count(library.key))
        try:
            present = PathMap.parse(self._config.path_map)
        except ValueError as error:
            yield Finding(f"Path map: {error}", "write one rule like /in/stash=/in/plex")
            present = PathMap()
        files: list[str] = []
        latest = heapq.nlargest(
            CANDIDATES,
            self._described(files, on_progress),
            key=lambda scene: (scene.updated_at, scene.id),
        )
        theirs = self._index.all_paths()
        proposal = propose(files, theirs, present)
        examples = (files[0] if files else "", theirs[0] if theirs else "")
        yield from paths.look_at_paths(proposal, examples, self._config)
        better = PathMap.parse(proposal.setting) if proposal.setting else present
        yield from self._example(latest, better)

    def _described(self, files: list[str], on_progress: Callable[[float], None]) -> Iterator[Scene]:
        """Every scene that would be written; the files of all scenes are added to *files*."""
        for scene in paths.all_scenes(self._stash, on_progress):
            files += (file.path for file in scene.files)
            if scene.has_metadata:
                yield scene

    def _example(self, latest: Sequence[Scene], path_map: PathMap) -> Iterator[Finding]:
        queue = self._manager.get_queue()
        services = Services(
            folder=self._manager.folder,
            config=self._config,
            queue=queue,
            ledger=Ledger(queue.db),
            stash=self._stash,
            plex=self._plex,
            index=self._index,
            path_map=path_map,
            clock=self._manager.clock,
        )
        scene = choose_example(services, latest)
        if scene is None:
            yield Finding("Example: no described scene has an item in Plex")
        else:
            yield from show_example(services, self._libraries, scene)
