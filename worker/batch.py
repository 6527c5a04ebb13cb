"""Which jobs are processed together next."""

from domain.job import JobKey, SyncJob
from sync_queue.manager import QUEUES, SyncQueue
from sync_queue.operations import get_pending
from sync_queue.orphans import count_suspects, get_suspect

BATCH = 100  # scenes read with one request on each side


def next_batch(queue: SyncQueue, most: int = BATCH) -> list[SyncJob]:
    """Up to *most* jobs of one queue, hooks first; a suspect alone, after the others."""
    size = size_of_batch(queue, most)
    for name in QUEUES:
        # By key: a scene that is edited between two looks is claimed twice.
        jobs: dict[JobKey, SyncJob] = {}
        while len(jobs) < size:
            job = get_pending(queue, names=(name,))
            if job is None:
                break
            jobs[job.key] = job
        if jobs:
            return list(jobs.values())
        if suspect := get_suspect(queue, (name,)):
            return [suspect]
    return []


def size_of_batch(queue: SyncQueue, most: int) -> int:
    """How many jobs to read at once: fewer with each job that was at work when a worker died.

    Who was at work is a guess if the worker met a bug while reading. With half the batch each
    time it is soon certain.
    """
    return max(1, most >> min(count_suspects(queue), most.bit_length()))
