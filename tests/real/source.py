"""A package source on loopback, and what Settings > Plugins does with it."""

import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.real.stash_server import PLUGIN, Job, RealStash

NAME = "The source of Stash2Plex"
FOLDER = "a-source"  # below the plugin folder; the user chooses both with the source


class PackageSource:
    """Serves what ``make release`` builds; a context manager.

    Attributes:
        folder: what is served; it may be written anew at any time.
        url: of the index.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=folder))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/index.yml"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def dated(self, seconds: int) -> None:
        """Let the index have been written then; Stash reads one anew that is a second younger."""
        os.utime(self.folder / "index.yml", (seconds, seconds))


class PackageManager:
    """Settings > Plugins of one Stash, with one source."""

    def __init__(self, stash: RealStash, url: str) -> None:
        self._stash = stash
        self._source = url
        self.folder = stash.folder / "plugins" / FOLDER / PLUGIN
        source = {"name": NAME, "url": url, "local_path": FOLDER}
        stash.change(pluginPackageSources=[source])

    def available(self) -> list[dict[str, Any]]:
        """What the source offers."""
        query = """query($source: String!) {
            found: availablePackages(type: Plugin, source: $source) {
                package_id name version date metadata
            }
        }"""
        return self._found(query, source=self._source)

    def installed(self) -> list[dict[str, Any]]:
        """What is installed, and what the source offers instead."""
        query = """{
            found: installedPackages(type: Plugin) {
                package_id version date source_package { version date }
            }
        }"""
        return self._found(query)

    def install(self) -> Job:
        """Press Install."""
        return self._do("installPackages")

    def update(self) -> Job:
        """Press Update."""
        return self._do("updatePackages")

    def uninstall(self) -> Job:
        """Press Uninstall."""
        return self._do("uninstallPackages")

    def _found(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._stash.ask(query, **variables)["found"]
        return found

    def _do(self, what: str) -> Job:
        query = f"""mutation($packages: [PackageSpecInput!]!) {{
            job: {what}(type: Plugin, packages: $packages)
        }}"""
        packages = [{"id": PLUGIN, "sourceURL": self._source}]
        return self._stash.watch(self._stash.ask(query, packages=packages)["job"])


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
