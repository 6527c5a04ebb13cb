"""A package index on loopback (PEP 503), with its weather."""

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self


class LoopbackIndex:
    """Serves the wheels of a folder.

    Attributes:
        status: answered to everything, unless it is 200.
        lies: whether the announced hashes are wrong.
        goes_on: while it is not set, no file is given out.
        asked: the paths of all requests.
    """

    def __init__(self, wheels: Path) -> None:
        self.wheels = wheels
        self.status = 200
        self.lies = False
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.asked: list[str] = []
        handler = type("Handler", (_Handler,), {"index": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.goes_on.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, credentials: str = "") -> str:
        """For pip; *credentials* as in "user:password@"."""
        return f"http://{credentials}127.0.0.1:{self._server.server_port}/simple/"

    @property
    def given(self) -> list[str]:
        """The names of the files that were asked for."""
        return [path.rpartition("/")[2] for path in self.asked if path.startswith("/files/")]

    def page(self, package: str) -> bytes:
        """The links to a package's files."""
        lines = []
        for file in sorted(self.wheels.iterdir()):
            if re.sub(r"[-_.]+", "-", file.name.partition("-")[0]).lower() == package:
                digest = "0" * 64 if self.lies else hashlib.sha256(file.read_bytes()).hexdigest()
                lines.append(f'<a href="/files/{file.name}#sha256={digest}">{file.name}</a>')
        return "\n".join(lines).encode()


class _Handler(BaseHTTPRequestHandler):
    index: LoopbackIndex

    def do_GET(self) -> None:
        self.index.asked.append(self.path)
        status, body = self.index.status, b""
        *_, kind, name = self.path.strip("/").split("/")
        if status == 200 and kind == "files":
            self.index.goes_on.wait(60)
            body = (self.index.wheels / name).read_bytes()
        elif status == 200:
            body = self.index.page(name)
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if kind == "simple" else "application/zip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            return  # who asked was killed

    def log_message(self, *_: Any) -> None:
        """Be quiet."""
