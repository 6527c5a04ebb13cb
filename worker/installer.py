"""Installs the private set of packages: pip in a process of its own, one at a time."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from domain.clock import Clock, SystemClock
from domain.errors import NotInstalled
from sync_queue import host
from worker.pip_failures import UNBUILT, cause_of

LOCK = "packages.lock"
DRAFT = "unfinished-"

PATIENCE = 600.0  # seconds for all that pip does; a set has 15 MB
LOOK = 0.2  # seconds between two looks whether another process is done

UNUSED = 30 * 86400.0  # seconds after which a set is nobody's any more; no process lives so long

_OVERRULED = {
    "PIP_USER": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_PREFIX": "",  # to pip the same as none; so are the next
    "PIP_ROOT": "",
    "PIP_QUIET": "",
}
"""What clashes with --target or hides the cause; the environment goes before pip's files."""


class Installer:
    """Fills one folder with what requirements.txt asks for."""

    def __init__(
        self,
        script: str,
        folder: Path,
        tell: Callable[[str], None],
        *,
        patience: float = PATIENCE,
        clock: Clock | None = None,
    ) -> None:
        """Nothing is done yet.

        Args:
            script: the plugin's entrypoint, beside requirements.txt and constraints.txt.
            folder: what is to be filled.
            tell: is told what is waited for.
            patience: seconds that pip may take; who waits for another's pip waits as long.
        """
        self._folder = folder
        self._tell = tell
        self._patience = patience
        self._clock = clock or SystemClock()
        self._requirements = Path(script).with_name("requirements.txt")
        self._constraints = Path(script).with_name("constraints.txt")
        self._why = ""

    def install(self, why: str, *, broken: int | None) -> None:
        """Fill the folder, unless another process just has.

        A kill at any moment leaves nothing that counts: the folder appears at a stroke.

        Args:
            why: what is wrong without it.
            broken: the inode of the folder if there is one that will not do.

        Raises:
            NotInstalled: with the cause, and what to do.
        """
        self._why = why
        try:
            self._folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._alone() as lock:
                if not self._folder.exists() or self._folder.stat().st_ino == broken:
                    self._tell(f"Installing Python packages (once, into {self._folder}): {why}")
                    self._install(lock)
        except OSError as error:
            raise self._lack(
                f"{self._folder.parent} cannot be written ({error.strerror}): let the user that "
                "Stash runs as write there"
            ) from error

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """Hold the lock; who has it installs."""
        path = str(self._folder.parent.parent / LOCK)
        deadline = self._clock.monotonic() + self._patience
        is_told = False
        while (lock := host.try_lock(path)) is None:
            if self._clock.monotonic() >= deadline:
                raise self._failure(
                    f"another process has been installing for {self._patience:.0f} s"
                )
            if not is_told:
                self._tell("Waiting for another process that installs Python packages")
                is_told = True
            self._clock.sleep(LOOK)
        try:
            yield lock
        finally:
            host.unlock(lock)

    def _install(self, lock: int) -> None:
        """Have pip fill a draft, then put that into place."""
        self._remove_leftovers()
        draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=self._folder.parent))
        try:
            self._run_pip(draft, lock)
            if self._folder.exists():
                host.replace(self._folder, draft / "broken")
            host.replace(draft / "packages", self._folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _run_pip(self, draft: Path, lock: int) -> None:
        """First with the versions we were tested with; if those do not exist here, with any."""
        deadline = self._clock.monotonic() + self._patience
        pins = ["-c", str(self._constraints)]
        cause = UNBUILT
        for versions in (pins, []):
            output = self._pip(draft, versions, lock, deadline - self._clock.monotonic())
            if output is None:
                return
            cause = cause_of(output)
            if cause != UNBUILT:
                break
        raise self._failure(cause)

    def _pip(self, draft: Path, versions: Sequence[str], lock: int, patience: float) -> str | None:
        """Run pip once; None if all went well, else what it said.

        pip compares each file with the hash that the index gives for it, if it gives one (its
        documentation, "Secure installs"; prepare.py, _get_linked_req_hashes). That the system's
        Python is managed by a distribution (PEP 668) is nothing to --target, and nobody's files
        but ours are touched. A mirror that is configured in pip's files or environment is used.
        """
        argv = [
            *(sys.executable or "python3", "-P", "-m", "pip", "install"),
            *("--target", str(draft / "packages"), "-r", str(self._requirements), *versions),
            # A build would need a compiler and minutes; an older version may come built.
            *("--only-binary", ":all:", "--retries", "2", "--no-input", "-vv"),
            *("--disable-pip-version-check", "--progress-bar", "off", "--no-color"),
        ]
        temporary = draft / "tmp"  # /tmp may be small, or read-only
        temporary.mkdir(exist_ok=True)
        env = {**os.environ, **_OVERRULED, "PYTHONIOENCODING": "utf-8"}
        env.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)))
        try:
            done = subprocess.run(  # noqa: S603 -- our own interpreter
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=env,
                timeout=max(patience, 0.0),
                check=False,
                # If we are killed, nobody else begins before this pip has ended too.
                pass_fds=host.inherited(lock),
            )
        except subprocess.TimeoutExpired as error:
            raise self._failure(f"pip took more than {self._patience:.0f} s") from error
        return done.stdout.decode("utf-8", "replace") if done.returncode else None

    def _remove_leftovers(self) -> None:
        """What killed processes have left, and sets that nobody has used for long."""
        for folder in self._folder.parent.iterdir():
            try:
                used_at = folder.stat().st_mtime
            except OSError:
                continue
            is_unused = folder != self._folder and used_at < self._clock.now() - UNUSED
            if folder.name.startswith(DRAFT) or is_unused:
                shutil.rmtree(folder, ignore_errors=True)

    def _failure(self, cause: str) -> NotInstalled:
        argv = [sys.executable or "python3", "-m", "pip", "install", "--upgrade"]
        argv += ["--target", str(self._folder), "-r", str(self._requirements)]
        by_hand = host.command_line(argv)
        return self._lack(f"{cause}. By hand: {by_hand}; edits are recorded meanwhile")

    def _lack(self, why: str) -> NotInstalled:
        return NotInstalled(
            f"Stash2Plex lacks a Python package ({self._why}), and could not install it: {why}"
        )
