"""The installer with a real pip, an index on loopback and one small package."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from domain.errors import NotInstalled
from sync_queue import host
from tests.packages.index import LoopbackIndex
from tests.packages.installing import Told, install, until
from tests.packages.wheels import made_up
from tests.world import ROOT, FrozenClock
from worker.installer import DRAFT, LOCK, UNUSED, Installer

OTHER_PROCESS = """
import sys
from pathlib import Path
from worker.installer import Installer
Installer(sys.argv[1], Path(sys.argv[2]), print).install("why", broken=None)
"""

ON_WINDOWS = f"""
from tests.imitation.systems import become
become("win32")
{OTHER_PROCESS}
"""


def version_in(target: Path) -> str:
    return (target / "thing.py").read_text().split("'")[1]


def test_the_pinned_version_is_installed_although_the_index_has_a_newer_one(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    made_up("thing", "1.5", small_index.wheels)

    told = install(small, target)

    assert version_in(target) == "1.0"
    assert told == [f"Installing Python packages (once, into {target}): no thing"]


def test_packages_are_installed_on_windows(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    argv = [sys.executable, "-c", ON_WINDOWS, str(small), str(target)]

    subprocess.run(argv, cwd=ROOT, check=True)

    assert version_in(target) == "1.0"


def test_what_is_to_be_done_by_hand_on_windows_is_quoted_as_there(
    small: Path, small_index: LoopbackIndex, tmp_path: Path
) -> None:
    small_index.status = 403
    target = tmp_path / "my data" / "packages" / "set"
    argv = [sys.executable, "-c", ON_WINDOWS, str(small), str(target)]

    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)

    assert f'--target "{target}" -r' in done.stderr


def test_what_is_installed_already_is_not_installed_again(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    target.mkdir(parents=True)

    assert install(small, target) == []

    assert small_index.asked == []


def test_a_folder_that_will_not_do_is_replaced(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    target.mkdir(parents=True)
    (target / "rubbish").touch()

    install(small, target, broken=target.stat().st_ino)

    assert version_in(target) == "1.0"
    assert not (target / "rubbish").exists()


@pytest.mark.proof
def test_where_the_pinned_version_does_not_exist_another_that_will_do_is_installed(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    (small_index.wheels / "thing-1.0-py3-none-any.whl").unlink()
    made_up("thing", "1.1", small_index.wheels)

    install(small, target)

    assert version_in(target) == "1.1"


def test_where_the_pinned_version_is_not_built_for_this_system_the_newest_that_will_do_is_taken(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    made_up("thing", "1.7", small_index.wheels, tag="cp399-cp399-musllinux_9_9_armv7l")
    for version in ("0.9", "1.5", "1.6", "2.0"):
        made_up("thing", version, small_index.wheels)
    small.with_name("constraints.txt").write_text("thing==1.7\n")

    install(small, target)

    assert version_in(target) == "1.6"


def test_settings_of_pip_that_clash_with_a_folder_are_no_trouble(
    small: Path,
    small_index: LoopbackIndex,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    bare: Path,
) -> None:
    # A Python that is no virtual environment; pip is lent to it.
    monkeypatch.setattr(sys, "executable", str(Path(sys.executable).resolve()))
    (site,) = bare.parent.parent.glob("lib/python*/site-packages")
    monkeypatch.setenv("PYTHONPATH", str(site))
    for name in ("PIP_USER", "PIP_REQUIRE_VIRTUALENV"):
        monkeypatch.setenv(name, "1")
    for name in ("PIP_PREFIX", "PIP_ROOT"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))

    install(small, target)

    assert version_in(target) == "1.0"
    assert not (tmp_path / "elsewhere").exists()


def test_a_mirror_that_is_configured_in_pip_s_file_is_used(
    small: Path,
    small_index: LoopbackIndex,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {small_index.url()}\nuser = true\n")
    monkeypatch.delenv("PIP_INDEX_URL")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))

    install(small, target)

    assert version_in(target) == "1.0"


def test_a_folder_with_blanks_and_umlauts_will_do(
    small: Path, small_index: LoopbackIndex, tmp_path: Path
) -> None:
    script = small.parent.rename(tmp_path / "Plügins & more") / small.name
    target = tmp_path / "Stash Däta (日本)" / "packages" / "set"

    install(script, target)

    assert version_in(target) == "1.0"


def test_what_is_installed_is_for_its_owner_only_and_nothing_else_is_left(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    install(small, target)

    assert target.parent.stat().st_mode & 0o077 == 0
    assert list(target.parent.iterdir()) == [target]


def test_two_that_begin_at_once_install_once(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    small_index.goes_on.clear()
    told = Told()
    both = [Installer(str(small), target, told) for _ in range(2)]
    threads = [threading.Thread(target=one.install, args=("w",), kwargs={"broken": None})
               for one in both]  # fmt: skip
    for thread in threads:
        thread.start()
    until(lambda: len(told) == 2 and small_index.given)

    small_index.goes_on.set()
    for thread in threads:
        thread.join()

    assert small_index.given == ["thing-1.0-py3-none-any.whl"]
    assert sorted(line.split()[0] for line in told) == ["Installing", "Waiting"]
    assert version_in(target) == "1.0"


def test_a_kill_in_the_middle_leaves_nothing_that_counts_and_nobody_begins_before_its_pip_ends(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    small_index.goes_on.clear()
    argv = [sys.executable, "-c", OTHER_PROCESS, str(small), str(target)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE) as process:
        until(lambda: small_index.given)
        process.send_signal(signal.SIGKILL)
    (leftover,) = target.parent.iterdir()
    assert leftover.name.startswith(DRAFT)
    assert host.try_lock(str(target.parent.parent / LOCK)) is None

    small_index.goes_on.set()
    install(small, target)

    assert version_in(target) == "1.0"
    assert list(target.parent.iterdir()) == [target]


def test_sets_that_nobody_has_used_for_a_month_are_removed_and_younger_ones_stay(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    for name, age in (("old", UNUSED + 3600), ("young", UNUSED - 3600)):
        folder = target.parent / name
        folder.mkdir(parents=True)
        (folder / "module.py").touch()
        os.utime(folder, (time.time() - age,) * 2)

    install(small, target)

    assert {folder.name for folder in target.parent.iterdir()} == {"set", "young"}


def test_who_finds_another_at_it_for_too_long_gives_up(
    small: Path, small_index: LoopbackIndex, target: Path, clock: FrozenClock
) -> None:
    target.parent.mkdir(parents=True)
    held = host.try_lock(str(target.parent.parent / LOCK))
    assert held is not None
    told = Told()

    with pytest.raises(NotInstalled, match="another process has been installing for 600 s"):
        Installer(str(small), target, told, clock=clock).install("w", broken=None)

    host.unlock(held)
    assert told == ["Waiting for another process that installs Python packages"]
    assert small_index.asked == []
