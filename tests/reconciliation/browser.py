"""A Chromium without a window, driven by its debugging pipe; it needs no package."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
PATIENCE = 30.0  # seconds

# Chromium reads commands from descriptor 3 and answers on 4.
_INTO_PLACE = """
import fcntl, os, sys
for end, place in [(fcntl.fcntl(int(sys.argv[i]), fcntl.F_DUPFD, 10), i + 2) for i in (1, 2)]:
    os.dup2(end, place)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One page; a context manager.

    Attributes:
        told: what the page wrote to its console, and every exception.
        asked: every address that it asked for.
    """

    def __init__(self, folder: Path) -> None:
        self.told: list[str] = []
        self.asked: list[str] = []
        self._last = 0
        self._rest = b""
        ours, to_browser = os.pipe()
        from_browser, theirs = os.pipe()
        self._reads, self._writes = from_browser, to_browser
        flags = ["--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        flags += ["--window-size=1280,900", f"--user-data-dir={folder}", "about:blank"]
        start = [sys.executable, "-c", _INTO_PLACE, str(ours), str(theirs)]
        self._process = subprocess.Popen(
            [*start, str(CHROMIUM), "--headless", *flags],
            pass_fds=(ours, theirs),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours)
        os.close(theirs)
        self._session = ""

    def __enter__(self) -> Self:
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        attached = self.command("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.command(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._writes)  # it ends when nobody speaks to it any more
        os.close(self._reads)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its result."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._writes, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._last:
            self._note(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, page: Path) -> None:
        """Open a file and wait until its rows are there."""
        self.command("Page.navigate", url=page.as_uri())
        self.until("performance.getEntriesByName('rendered').length > 0")

    def look(self, expression: str) -> Any:
        """The value of an expression in the page."""
        result = self.command("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + PATIENCE
        while not self.look(expression):
            assert time.monotonic() < deadline, f"never: {expression}; told: {self.told}"
            time.sleep(0.02)

    def press(self, *keys: str) -> None:
        """Press keys one after the other: characters, or names such as "Tab"."""
        codes = {"Tab": 9, "Escape": 27, "Enter": 13, " ": 32}
        for key in keys:
            code = codes.get(key, 0)
            text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
            down: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code}
            self.command("Input.dispatchKeyEvent", type="keyDown", text=text, **down)
            self.command("Input.dispatchKeyEvent", type="keyUp", **down)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._reads, 1 << 16)
            assert part, "Chromium has ended"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        event: dict[str, Any] = json.loads(message)
        return event

    def _note(self, event: dict[str, Any]) -> None:
        method, details = event.get("method"), event.get("params", {})
        if method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
            self.told.append(json.dumps(details))
        elif method == "Network.requestWillBeSent":
            self.asked.append(details["request"]["url"])
