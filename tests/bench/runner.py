"""Starts processes of one interpreter and measures them from a small process of its own."""

import json
import os
import subprocess
import sysconfig
import venv
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.world import SCRIPT

SLIM = Path(__file__).with_name("slim.py")


def clean_interpreter(folder: Path) -> Path:
    """The base interpreter's own binary, in an environment that adds nothing to its start.

    Version managers put a shell script in front of it, and other packages have start-up files:
    both would make the floor slower and a hook look better. The packages of ours are on the
    path of what a hook starts, by one line in a file.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    paths = {"base": str(folder), "platbase": str(folder)}
    site_packages = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    (site_packages / "ours.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return folder / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Measured:
    """Processes that ran at once.

    Attributes:
        seconds: from the first start to the last end.
        cpu: seconds of CPU time of all together.
        outputs: what each wrote to stdout.
        peak: the largest resident size of any, in MB.
    """

    seconds: float
    cpu: float
    outputs: tuple[str, ...]
    peak: float


class Runner(AbstractContextManager["Runner"]):
    """Measures the floor and hooks under one interpreter."""

    def __init__(self, python: Path, folder: Path) -> None:
        """Make ready.

        Args:
            folder: where the input of hooks may be kept.
        """
        self._python = str(python)
        self._folder = folder
        self._slim: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._slim = subprocess.Popen(
            [self._python, "-S", str(SLIM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._slim is not None:
            self._slim.communicate()

    def floor(self, *flags: str) -> Measured:
        """The interpreter that does nothing."""
        return self._run([self._python, *flags, "-c", "pass"], [b""], {})

    def hooks(self, documents: Sequence[bytes], env: Mapping[str, str]) -> Measured:
        """Hooks at once, as Stash2Plex.yml starts them."""
        return self._run([self._python, "-S", str(SCRIPT)], documents, env)

    def _run(
        self, argv: Sequence[str], inputs: Sequence[bytes], env: Mapping[str, str]
    ) -> Measured:
        assert self._slim is not None
        assert self._slim.stdin is not None
        assert self._slim.stdout is not None
        files = [self._folder / f"stdin-{number}" for number in range(len(inputs))]
        for file, data in zip(files, inputs, strict=True):
            file.write_bytes(data)
        # Stash adds its plugins folder.
        environment = {**os.environ, **env, "PYTHONPATH": str(SCRIPT.parent.parent)}
        order = {"argv": argv, "stdin": list(map(str, files)), "env": environment}
        self._slim.stdin.write(json.dumps(order) + "\n")
        self._slim.stdin.flush()
        answer = json.loads(self._slim.stdout.readline())
        return Measured(
            answer["seconds"], answer["cpu"], tuple(answer["outputs"]), answer["peak"] / 1024
        )
