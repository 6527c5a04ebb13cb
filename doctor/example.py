"""One scene, as a sync would treat it: its item, and what would be written."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from doctor.finding import Finding
from domain.errors import QueueUnusable
from domain.job import JobKey, SyncJob
from domain.outcome import Buried, Skipped, Waiting
from domain.plex_item import RatingKey, Section
from domain.scene import Scene
from plex.describe import quoted
from plex.matcher import Matched, match
from sync_queue.database import in_our_words
from sync_queue.manager import SyncQueue
from sync_queue.operations import onlooker
from worker.charge import Charge
from worker.prepare import Failed, Missing, Prepared, Taken, Work, prepare
from worker.preview import Previewer
from worker.services import Services
from worker.writer import Written


def show_example(
    services: Services, sections: Sequence[Section], latest: Sequence[Scene], folder: Path
) -> Iterator[Finding]:
    """Yield what a sync would do to the first of *latest* that has an item.

    Each change is logged as Preview does.

    Args:
        services: with a queue that is thrown away.
        folder: the data folder; of the ledger in there, what is known of the items is looked up.

    Raises:
        StashUnavailable, PlexServerDown, TransientError, UserError.
    """
    for scene in latest:
        found = match(scene.files, services.index.candidates, services.path_map)
        if isinstance(found, Matched):
            keys = [file.rating_key for file in found.files]
            _remember(services.queue, folder, services.plex.server(), keys)
            yield from _show(services, sections, scene)
            return
    if latest:
        yield Finding(f"Example: none of the latest {len(latest)} described scenes is in Plex")
    else:
        yield Finding("Example: no scene has tags, performers, a studio, details or a date yet")


def _show(services: Services, sections: Sequence[Section], scene: Scene) -> Iterator[Finding]:
    job = SyncJob(JobKey("scene", scene.id))
    ((_, what),) = prepare(services, sections, [job], Charge(services.queue, [job]))
    name = f"Example: scene {scene.id} {quoted(scene.title)}"
    if not isinstance(what, Work):
        yield Finding(f"{name} would not be written: {_why(what)}")
        return
    for target in what.targets:
        yield Finding(f"{name} is item {target.item.rating_key} in Plex")
    written = Written()
    Previewer(services).write(what, written)
    changes = ", ".join(dict.fromkeys(written.changed))
    yield Finding(f"{name}: a sync would write {changes or 'nothing, Plex shows it already'}")


def _why(what: Prepared) -> str:
    match what:
        case Taken(owner=owner):
            return f"its item in Plex belongs to scene {owner}"
        case Missing(error=error) | Failed(error=error):
            return str(error)
        case Skipped(why) | Waiting(why=why) | Buried(reason=why):
            return why
    return "it has just gone from Stash"


def _remember(queue: SyncQueue, folder: Path, server: str, keys: Iterable[RatingKey]) -> None:
    """Copy what the ledger knows of some items; the plugin's own queue is only looked at."""
    try:
        with in_our_words(), closing(onlooker(folder / "queue" / "data.db")) as connection:
            for key in keys:
                known = connection.execute(
                    "SELECT * FROM ledger WHERE server = ? AND rating_key = ?", (server, key)
                )
                names = [name for name, *_ in known.description]
                with queue.db.transaction():
                    queue.db.executemany(
                        f"INSERT INTO ledger ({', '.join(names)}) "
                        f"VALUES ({', '.join('?' * len(names))})",
                        known.fetchall(),
                    )
    except QueueUnusable:
        return  # there is none yet, or it was said what is wrong with it
