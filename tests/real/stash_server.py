"""An actual Stash server on loopback, in a folder of its own, with the plugin installed."""

import os
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import requests
import yaml

from tests.world import MARK, ROOT

PLUGIN = "Stash2Plex"
PATIENCE = 60.0  # seconds for whatever Stash does; the machine may be busy


@dataclass(frozen=True, slots=True)
class Job:
    """A job of Stash that is over.

    Attributes:
        progress: every value that its bar was seen at, in order; None before the first.
    """

    status: str
    error: str | None
    progress: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of Settings > Logs; *level* is Stash's name of it, such as "Info"."""

    level: str
    text: str


class StashError(Exception):
    """Stash answered with an error."""


class RealStash:
    """One server; a context manager that starts and stops it.

    Attributes:
        folder: of its config.yml.
        library: the folder of its videos.
        database: its own.
        log_file: everything that it logs.
        web: what a browser would be; it keeps the session cookie.
    """

    def __init__(
        self,
        binary: Path,
        folder: Path,
        *,
        is_relative: bool = False,
        has_plugin: bool = True,
        env: Mapping[str, str] | None = None,
        **config: Any,
    ) -> None:
        """Write the config and put the plugin into the plugin folder.

        Args:
            is_relative: start it in its folder as ``-c config.yml``, so that all paths which
                it derives from that are relative.
            has_plugin: False where its package manager is to install it.
            env: more variables of its environment.
            config: more keys of config.yml.
        """
        self.folder = folder
        self.library = folder / "library"
        self.database = folder / "stash-go.sqlite"
        self.log_file = folder / "stash.log"
        self.web = requests.Session()
        self.web.trust_env = False
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._config = folder / "config.yml"
        self._command = [str(binary), "-c", "config.yml" if is_relative else str(self._config)]
        self._cwd = folder if is_relative else Path("/")
        self._env = _environment(folder) | dict(env or {})
        self._console = folder / "console.txt"
        self._process: subprocess.Popen[bytes] | None = None
        for place in (self.library, folder / "generated", folder / "home"):
            place.mkdir(parents=True)
        self._config.write_text(yaml.safe_dump(self._defaults() | config), encoding="utf-8")
        if has_plugin:
            install(folder / "plugins" / PLUGIN)

    def __enter__(self) -> Self:
        with self._console.open("wb") as console:
            self._process = subprocess.Popen(
                [*self._command, "--nobrowser"],
                cwd=self._cwd,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        until(self._is_up)
        return self

    def __exit__(self, *_: object) -> None:
        self.web.close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Send one query or mutation and return its data.

        Raises:
            StashError: it was refused or failed.
        """
        response = self.web.post(
            f"{self.url}/graphql",
            json={"query": query, "variables": variables},
            headers={"Accept": "application/json"},
            timeout=PATIENCE,
        )
        if response.status_code != 200 or "errors" in response.json():
            raise StashError(f"{response.status_code}: {response.text[:1000]}")
        data: dict[str, Any] = response.json()["data"]
        return data

    def change(self, **settings: Any) -> None:
        """Change settings of Stash itself; with a password nobody is logged in any more."""
        query = """mutation($input: ConfigGeneralInput!) {
            configureGeneral(input: $input) { username }
        }"""
        self.ask(query, input=settings)

    def log_in(self, name: str, password: str) -> None:
        """Log in on the login page; *web* keeps the cookie and each that follows it."""
        self.web.cookies.clear()
        form = {"username": name, "password": password, "returnURL": "/"}
        self.web.post(f"{self.url}/login", data=form, timeout=PATIENCE, allow_redirects=False)
        assert self.web.cookies.get("session"), "Stash did not let us in"

    def configure(self, **settings: Any) -> None:
        """Fill in the plugin's settings, as its settings page does: all at once."""
        query = """mutation($id: ID!, $input: Map!) {
            configurePlugin(plugin_id: $id, input: $input)
        }"""
        self.ask(query, id=PLUGIN, input=settings)

    def enable(self, is_on: bool) -> None:
        """Turn the plugin on or off, as in Settings > Plugins."""
        query = "mutation($map: BoolMap!) { setPluginsEnabled(enabledMap: $map) }"
        self.ask(query, map={PLUGIN: is_on})

    def start_task(self, name: str) -> str:
        """Press a task's button; return the id of the job."""
        query = """mutation($id: ID!, $task: String!) {
            runPluginTask(plugin_id: $id, task_name: $task)
        }"""
        job: str = self.ask(query, id=PLUGIN, task=name)["runPluginTask"]
        return job

    def run_task(self, name: str) -> Job:
        """Press a task's button and wait until the job is over."""
        return self.watch(self.start_task(name))

    def scan(self) -> Job:
        """Scan the library, covers included."""
        query = "mutation($input: ScanMetadataInput!) { metadataScan(input: $input) }"
        return self.watch(self.ask(query, input={"scanGenerateCovers": True})["metadataScan"])

    def logs(self) -> list[LogLine]:
        """What Settings > Logs shows of plugins, oldest first; Stash keeps 30 lines in all."""
        lines = self.ask("{ logs { level message } }")["logs"]
        all_lines = [LogLine(line["level"], line["message"].strip()) for line in reversed(lines)]
        return [line for line in all_lines if "plugin" in line.text.lower()]

    def watch(self, job_id: str) -> Job:
        """Watch a job until it is over, as the tasks page does."""
        query = "query($id: ID!) { findJob(input: { id: $id }) { status error progress } }"
        seen: list[float | None] = []
        deadline = time.monotonic() + PATIENCE
        while True:
            job = self.ask(query, id=job_id)["findJob"]
            if not seen or seen[-1] != job["progress"]:
                seen.append(job["progress"])
            if job["status"] not in ("READY", "RUNNING", "STOPPING"):
                return Job(job["status"], job["error"], tuple(seen))
            assert time.monotonic() < deadline, f"the job is still {job}"
            time.sleep(0.01)

    def _defaults(self) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self._port,
            "stash": [{"path": str(self.library)}],
            "generated": str(self.folder / "generated"),
            "database": str(self.database),
            "python_path": sys.executable,  # it has the dependencies
            "logfile": str(self.log_file),
            # Nothing here needs the network.
            "plugins_package_sources": [],
            "scrapers_package_sources": [],
        }

    def _is_up(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(self._console.read_text("utf-8", "replace"))
        try:
            return self.web.get(f"{self.url}/healthz", timeout=PATIENCE).ok
        except requests.ConnectionError:
            return False


def install(target: Path) -> None:
    """Copy what a release holds."""
    target.mkdir(parents=True)
    for name in ("Stash2Plex.py", "Stash2Plex.yml", "requirements.txt", "constraints.txt"):
        shutil.copy(ROOT / name, target)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for package in project["tool"]["importlinter"]["root_packages"]:
        leave_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, target / package, ignore=leave_out)


def until(condition: Callable[[], object], *, within: float = PATIENCE) -> None:
    """Wait until something is true; fail if it is not in time."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.02)


def _environment(folder: Path) -> dict[str, str]:
    """Ours, without what would lead Stash or the plugin elsewhere."""
    led_astray = ("STASH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "PYTHONPATH")
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(led_astray)}
    return kept | {"HOME": str(folder / "home"), MARK: str(folder)}


def _free_port() -> int:
    with socket.socket() as knock:
        knock.bind(("127.0.0.1", 0))
        port: int = knock.getsockname()[1]
        return port
