"""Stash's job queue: one job at a time, plugin tasks among scans and the rest."""

from __future__ import annotations

from .library import Library
from .model import Job


class Jobs:
    """The queue. Nothing runs here by itself: a test says what becomes of a job."""

    def __init__(self, library: Library):
        self._library = library
        self.by_id: dict[int, Job] = {}

    def add(self, description: str, *, status: str = "READY") -> Job:
        """Queue a job; a scan is known by its description, "Scanning..."."""
        with self._library.lock:
            job = Job(len(self.by_id) + 1, description, self._library.stamp())
            self.by_id[job.id] = job
            self.set_status(job.id, status)
            return job

    def set_status(self, job_id: int, status: str, *, progress: float | None = None) -> None:
        """Move a job on: READY, RUNNING, STOPPING, FINISHED, CANCELLED, FAILED."""
        job = self.by_id[job_id]
        job.status = status
        job.progress = job.progress if progress is None else progress
        if status == "RUNNING":
            job.start_time = self._library.stamp()
        if status in ("FINISHED", "CANCELLED", "FAILED"):
            job.end_time = self._library.stamp()

    def stop(self, job_id: int) -> None:
        """Cancel a job as stopJob does; an unknown one is no error."""
        if job_id in self.by_id:
            self.set_status(job_id, "CANCELLED")

    def waiting(self) -> list[Job]:
        """Return what jobQueue shows: all that is not over."""
        return [
            job for job in self.by_id.values() if job.status in ("READY", "RUNNING", "STOPPING")
        ]
