"""One drain in a process of its own, connected and logging as the background process is.

Run as ``python -m tests.bench.drainer`` with a JSON object on stdin: the data folder and Stash's
server_connection. Says on stdout what the drain took, connections included, start-up not.
"""

import json
import resource
import sys
import time
from pathlib import Path

from domain.clock import SystemClock
from stash.connection import Connection
from sync_queue.orphans import resume_orphans
from worker.connector import Connector
from worker.foreground import drain_lock
from worker.logs import log_to_file
from worker.processor import DrainReport, SyncWorker


def main() -> None:
    """Drain once and report."""
    order = json.load(sys.stdin)
    folder = Path(order["folder"])
    clock = SystemClock()
    with drain_lock(folder) as ours:
        assert ours, "somebody drains already"
        logs = log_to_file(folder, order["connection"])
        started, before = time.perf_counter(), _cpu()
        server = Connection.from_server(order["connection"])
        connector = Connector(folder, server, clock, logs.follow)
        report = _drain(connector)
        taken = {"seconds": time.perf_counter() - started, "cpu": _cpu() - before}
        connector.close()
    assert not report.stopped, report.stopped
    json.dump({**taken, "succeeded": report.succeeded, "processed": report.processed}, sys.stdout)


def _drain(connector: Connector) -> DrainReport:
    connector.open_queue()
    services = connector.services()
    resume_orphans(services.queue)
    return SyncWorker(services).drain()


def _cpu() -> float:
    """Seconds of CPU that this process has used, of its own and of the system's."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
