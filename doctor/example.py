"""One scene, as a sync would treat it: its item, and what would be written."""

from collections.abc import Iterator, Sequence

from doctor.finding import Finding
from domain.job import JobKey, SyncJob
from domain.plex_item import Section
from domain.scene import Scene
from plex.describe import quoted
from plex.matcher import Matched, match
from worker.charge import Charge
from worker.prepare import Work, prepare
from worker.preview import Previewer
from worker.services import Services
from worker.writer import Written

CANDIDATES = 50  # scenes that are tried, the latest first


def choose_example(services: Services, latest: Sequence[Scene]) -> Scene | None:
    """The first of *latest* that has an item; None if none has."""
    for scene in latest[:CANDIDATES]:
        if isinstance(match(scene.files, services.index.candidates, services.path_map), Matched):
            return scene
    return None


def show_example(
    services: Services, sections: Sequence[Section], scene: Scene
) -> Iterator[Finding]:
    """Yield what a sync of *scene* would do; each change is logged as Preview does.

    Raises:
        StashUnavailable, PlexServerDown, TransientError, UserError.
    """
    job = SyncJob(JobKey("scene", scene.id))
    ((_, what),) = prepare(services, sections, [job], Charge(services.queue, [job]))
    name = f"Example: scene {scene.id} {quoted(scene.title)}"
    if not isinstance(what, Work):
        yield Finding(f"{name} would not be written ({what})")
        return
    for target in what.targets:
        yield Finding(f"{name} is item {target.item.rating_key} in Plex")
    written = Written()
    Previewer(services).write(what, written)
    changes = ", ".join(dict.fromkeys(written.changed))
    yield Finding(f"{name}: a sync would write {changes or 'nothing, Plex shows it already'}")
