"""A disk that takes 20 ms for every fsync, as memory cards and full NAS disks do."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.invocation.circumstances import record
from tests.invocation.witness import answer_of, backgrounds, rows, spooled, titles_shown
from tests.servers.stash import PluginResult
from tests.world import World

SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static void wait(void) {
    struct timespec pause = {0, 20 * 1000 * 1000};
    nanosleep(&pause, 0);
}

int fsync(int file) {
    wait();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
}

int fdatasync(int file) {
    wait();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(file);
}
"""


@pytest.fixture
def slow_disk(tmp_path: Path) -> dict[str, str]:
    """The environment in which every fsync is slow."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler to slow fsync down with")
    source, shim = tmp_path / "slow_fsync.c", tmp_path / "slow_fsync.so"
    source.write_text(SHIM)
    build = [compiler, "-shared", "-fPIC", "-o", str(shim), str(source), "-ldl"]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"slow fsync cannot be built: {done.stderr.strip()}")
    return {"LD_PRELOAD": str(shim)}


def burst(world: World, scenes: list[int], env: dict[str, str]) -> list[str]:
    """Save scenes all at the same time; what was answered."""

    def save(scene: int) -> PluginResult:
        return world.run(world.stash.edit(scene, title=f"New {scene}"), env=env)

    with ThreadPoolExecutor(len(scenes)) as threads:
        return [answer_of(result)["output"] for result in threads.map(save, scenes)]


def is_slow(world: World, env: dict[str, str]) -> bool:
    """Whether the background lives with that disk too."""
    maps = [Path(f"/proc/{pid}/maps").read_text() for pid in backgrounds(world)]
    return any(env["LD_PRELOAD"] in text for text in maps)


@pytest.mark.parametrize(
    ("size", "bursts"), [(20, 1), pytest.param(50, 4, marks=pytest.mark.proof)]
)
def test_hooks_at_once_during_a_drain_on_a_slow_disk_lose_no_edit(
    world: World, slow_disk: dict[str, str], size: int, bursts: int
) -> None:
    waiting = [world.add(f"w{number}", title=f"T{number}") for number in range(2 * size)]
    some, others = waiting[: size // 2], waiting[size // 2 :]
    saved = some + [world.add(f"s{n}", title="Old") for n in range(size * bursts - len(some))]
    record(world, *waiting)
    world.plex.latency = 0.02
    world.hook(waiting[0], env=slow_disk)
    world.until(lambda: world.plex.count("PUT"))
    assert is_slow(world, slow_disk)

    for number in range(bursts):
        written = world.plex.count("PUT")
        answers = burst(world, saved[number * size :][:size], slow_disk)
        print("recorded:", sum(answer.startswith("recorded") for answer in answers), "of", size)
        assert {answer.partition(";")[0] for answer in answers} <= {"recorded", "spooled"}
        assert {answer.partition("background ")[2] for answer in answers} == {"running"}
        assert world.plex.count("PUT") > written  # it drained all the while

    world.until(lambda: titles_shown(world, saved) == [f"New {s}" for s in saved], within=90)
    world.until_drained()
    assert titles_shown(world, others) == [f"T{n}" for n in range(size // 2, 2 * size)]
    assert spooled(world) == []
    assert rows(world, "dead_letter", "id") == []
