"""A small process that starts others and says how long they took and how large they grew.

Small, because Linux charges a child with the size of the process that started it. Run as a
script; a line of JSON in, a line of JSON out.
"""

import json
import os
import sys
import time

TYPE_CHECKING = False  # typing would make it larger
if TYPE_CHECKING:
    from typing import Any


def start(argv: list[str], env: dict[str, str]) -> tuple[int, int, int]:
    """Start one process; return its pid, what writes to it, and what reads from it."""
    theirs_in, ours_in = os.pipe()
    ours_out, theirs_out = os.pipe()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    streams = (theirs_in, theirs_out, nowhere)
    actions = [(os.POSIX_SPAWN_DUP2, stream, number) for number, stream in enumerate(streams)]
    pid = os.posix_spawn(argv[0], argv, env, file_actions=actions)
    for descriptor in streams:
        os.close(descriptor)
    return pid, ours_in, ours_out


def feed(descriptor: int, data: bytes) -> None:
    """Write all of it and close."""
    while data:
        data = data[os.write(descriptor, data) :]
    os.close(descriptor)


def read(descriptor: int) -> bytes:
    """Read to the end; nothing is closed."""
    data = b""
    while chunk := os.read(descriptor, 65536):
        data += chunk
    return data


def content(path: str) -> bytes:
    """All of a file."""
    descriptor = os.open(path, os.O_RDONLY)
    data = read(descriptor)
    os.close(descriptor)
    return data


def serve(order: "dict[str, Any]") -> "dict[str, Any]":
    """Run the processes of one order, all at once; each reads its stdin before it answers."""
    inputs = [content(path) for path in order["stdin"]]
    started = time.perf_counter()
    running = [start(order["argv"], order["env"]) for _ in inputs]
    for (_, stdin, _), data in zip(running, inputs, strict=True):
        feed(stdin, data)
    outputs = [read(stdout) for _, _, stdout in running]
    usages = [os.wait4(pid, 0)[2] for pid, _, _ in running]
    seconds = time.perf_counter() - started
    for _, _, stdout in running:
        os.close(stdout)
    return {
        "seconds": seconds,
        "cpu": sum(usage.ru_utime + usage.ru_stime for usage in usages),
        "peak": max(usage.ru_maxrss for usage in usages),
        "outputs": [output.decode() for output in outputs],
    }


for line in sys.stdin:
    print(json.dumps(serve(json.loads(line))), flush=True)
