"""What both sides have, compared in a folder that is thrown away."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from doctor import paths, servers
from doctor.census import Census, look_at_scenes, take_census
from doctor.example import show_example
from doctor.finding import Finding
from domain.plex_item import Section
from plex.client import PlexClient
from plex.index import PathIndex
from plex.path_rules import propose
from plex.paths import PathMap
from stash.client import StashClient
from sync_queue.ledger import Ledger
from sync_queue.manager import QueueManager
from validation.config import Stash2PlexConfig
from worker.services import Services


@dataclass(frozen=True, slots=True)
class Inventory:
    """Both servers, and where to look.

    Attributes:
        manager: of the plugin's own queue, which is not opened.
        libraries: those that would be synced.
    """

    stash: StashClient
    config: Stash2PlexConfig
    manager: QueueManager
    plex: PlexClient
    libraries: Sequence[Section]

    def look(self, folder: Path, on_progress: Callable[[float], None]) -> Iterator[Finding]:
        """Yield what is to be said of libraries, paths and one example.

        Args:
            folder: where an index and a queue may be made; queue and index of the plugin are
                other people's to change.

        Raises:
            StashUnavailable, PlexServerDown, TransientError, UserError, PermanentError.
        """
        with closing(PathIndex(folder / "plex_index.db")) as index:
            index.prepare(self.plex, self.libraries)
            yield from self._look_at_libraries(index)
            census = take_census(self.stash, on_progress)
            yield from look_at_scenes(census)
            path_map = yield from self._look_at_paths(index, census)
            yield from self._example(index, path_map, census, folder)

    def _look_at_libraries(self, index: PathIndex) -> Iterator[Finding]:
        listed = index.listed()
        for library in self.libraries:
            yield servers.look_at_library(
                library,
                index.count(library.key),
                listed=library.key in listed,
                hides_paths=self.config.obfuscate_paths,
            )

    def _look_at_paths(self, index: PathIndex, census: Census) -> Generator[Finding, None, PathMap]:
        """Yield what is to be said of the paths, and return the best path map."""
        hides_paths = self.config.obfuscate_paths
        try:
            present = PathMap.parse(self.config.path_map)
        except ValueError as error:
            what = "Path map: cannot be understood" if hides_paths else str(error)
            yield Finding(what, "write each rule like /in/stash=/in/plex, with ; between two")
            present = PathMap()
        theirs = index.all_files()
        proposal = propose(census.files, theirs, present)
        yield from paths.look_at_paths(proposal, census.files, theirs, hides_paths=hides_paths)
        return PathMap(proposal.rules) if proposal.helps else present

    def _example(
        self, index: PathIndex, path_map: PathMap, census: Census, folder: Path
    ) -> Iterator[Finding]:
        with closing(QueueManager(folder, clock=self.manager.clock)) as manager:
            queue = manager.get_queue()
            services = Services(
                folder=folder,
                config=self.config,
                queue=queue,
                ledger=Ledger(queue.db),
                stash=self.stash,
                plex=self.plex,
                index=index,
                path_map=path_map,
                clock=manager.clock,
            )
            yield from show_example(services, self.libraries, census.latest, self.manager.folder)
