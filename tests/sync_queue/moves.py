"""The moves that settle a job: each must happen whole or not at all."""

from collections.abc import Callable

from domain.job import SyncJob
from domain.outcome import Buried, Parked, Waiting
from sync_queue import dlq, parked
from sync_queue.manager import SyncQueue
from sync_queue.operations import ack_job, fail_job, release, send_to_back
from sync_queue.retry import put_off


def _put_off(queue: SyncQueue, job: SyncJob) -> None:
    put_off(queue, job, Waiting(queue.clock.now() + 60, "busy", "Cause", counted=True))


def _park(queue: SyncQueue, job: SyncJob) -> None:
    parked.park(queue, job, Parked(("a.mp4", "b.mp4")))


def _bury(queue: SyncQueue, job: SyncJob) -> None:
    dlq.bury(queue, job, Buried("hopeless", "Cause", attempts=5))


def _release(queue: SyncQueue, job: SyncJob) -> None:
    release(queue, [job])


Move = Callable[[SyncQueue, SyncJob], None]

MOVES: dict[str, Move] = {
    "ack": ack_job,
    "fail": fail_job,
    "put off": _put_off,
    "park": _park,
    "bury": _bury,
    "release": _release,
    "send to back": send_to_back,
}
