"""One reconciliation of all scenes in a process of its own, connected as the task is.

Run as ``python -m tests.bench.reconciler`` with a JSON object on stdin: the data folder and Stash's
server_connection. Says on stdout what the run answered and what it took, start-up not included,
and how large the process grew.
"""

import json
import resource
import sys
import time
from pathlib import Path

from reconciliation.task import reconcile
from worker.session import begin


def main() -> None:
    """Reconcile once and report."""
    order = json.load(sys.stdin)
    started, before = time.perf_counter(), _cpu()
    config, stash, manager = begin(order["folder"], order["connection"], may_lack_settings=False)
    answer = reconcile("all", stash, config, manager)
    taken = {"seconds": time.perf_counter() - started, "cpu": _cpu() - before}
    manager.close()
    stash.close()
    json.dump({**taken, "answer": answer, "peak": _peak()}, sys.stdout)


def _cpu() -> float:
    """Seconds of CPU that this process has used, of its own and of the system's."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _peak() -> float:
    """The largest resident size in MB; ru_maxrss would count the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
