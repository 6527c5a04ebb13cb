"""HTTP on loopback: connections, the weather's effect on them, and a stop that leaves nothing."""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from .reply import Reply, Request
from .site import Site, kind_of, parse_query
from .weather import Sky, Weather, reply_in

# Go sends a Content-Length of its own accord only for what fits its first buffer.
_CHUNKED_FROM = 2048


class Desk:
    """What all connections share.

    Attributes:
        now: the server's clock, by which answers are dated.
        latency: seconds that pass before each answer.
        drip_interval: seconds between two bytes of a dripping answer.
        before_answer: called in the connection's thread when an answer is ready to go (never for
            one that hangs or is reset).
        crashes: what went wrong inside the loopback server itself.
    """

    def __init__(self, site: Site, sky: Sky, now: Callable[[], datetime]):
        self.site = site
        self.sky = sky
        self.now = now
        self.latency = 0.0
        self.drip_interval = 0.05
        self.before_answer: Callable[[Request], object] | None = None
        self.requests: list[Request] = []
        self.crashes: list[Exception] = []
        self.closing = Event()


class Listener(ThreadingHTTPServer):
    """The listening socket and every connection it accepted."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, desk: Desk, host: str, port: int):
        self.desk = desk
        self._guard = Lock()
        self._connections: dict[Any, Thread] = {}
        super().__init__((host, port), Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="loopback Stash connection",
            daemon=True,
        )
        with self._guard:
            self._connections[request] = thread
        thread.start()

    def close_request(self, request: Any) -> None:
        super().close_request(request)
        with self._guard:
            self._connections.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self.desk.crashes.append(error)

    def hang_up(self) -> None:
        """Close every connection and wait for its thread."""
        with self._guard:
            connections = dict(self._connections)
        for connection, thread in connections.items():
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the client was faster
            thread.join(timeout=10)


class Connection(BaseHTTPRequestHandler):
    """One connection, kept alive over many requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener

    def serve(self) -> None:
        """Answer one request as the weather allows."""
        desk = self.server.desk
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        request = Request(
            self.command,
            url.path,
            parse_query(url.query),
            self.headers,
            kind_of(url.path),
            time.time(),
        )
        desk.site.describe(request, body)
        desk.requests.append(request)
        weather = desk.sky.over(request.kind)
        if weather == "hang":
            desk.sky.wait_for_change(desk.closing)
            self.close_connection = True
        elif weather == "reset":
            self._reset()
        elif weather == "gibberish":
            self.connection.sendall(b"\x15\x03\x01\x00\x02\x02\x16 not a word of HTTP\r\n\r\n")
            self.close_connection = True
        else:
            reply = self._reply(request, body, weather)
            self._send(request, reply, weather)

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve

    def _reply(self, request: Request, body: bytes, weather: Weather) -> Reply:
        reply = reply_in(weather, request.kind)
        if reply is not None:
            return reply
        try:
            return self.server.desk.site.answer(request, body, weather)
        except Exception as error:  # noqa: BLE001 -- a bug here must reach the test, not hang it
            self.server.desk.crashes.append(error)
            return Reply(500, repr(error).encode(), "text/plain")

    def _send(self, request: Request, reply: Reply, weather: Weather) -> None:
        desk = self.server.desk
        reply = reply.compressed(self.headers.get("Accept-Encoding", ""))
        if desk.latency:
            desk.closing.wait(desk.latency)
        request.status = reply.status
        if desk.before_answer is not None:
            desk.before_answer(request)
        in_pieces = weather in ("drip", "truncate")
        head, body = self._framed(reply, may_chunk=not in_pieces)
        if weather == "truncate":
            body = body[: len(body) // 2]
            self.close_connection = True
        if weather == "drip":
            self._drip(head, body)
        else:
            self.connection.sendall(head + body)

    def _framed(self, reply: Reply, *, may_chunk: bool) -> tuple[bytes, bytes]:
        body = b"" if self.command == "HEAD" else reply.body
        headers = list(reply.headers)
        if reply.content_type:
            headers.append(("Content-Type", reply.content_type))
        is_image = any(name == "ETag" for name, _ in reply.headers)
        if may_chunk and not is_image and len(body) >= _CHUNKED_FROM and self._is_modern():
            headers.append(("Transfer-Encoding", "chunked"))
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        elif reply.status != 304:
            headers.append(("Content-Length", str(len(body))))
        date = self.server.desk.now().astimezone(UTC)
        headers.append(("Date", format_datetime(date, usegmt=True)))
        lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, 'Error')}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), body

    def _is_modern(self) -> bool:
        return self.request_version != "HTTP/1.0"

    def _drip(self, head: bytes, body: bytes) -> None:
        desk = self.server.desk
        self.connection.sendall(head)
        for place in range(len(body)):
            if desk.closing.wait(desk.drip_interval):
                self.close_connection = True
                return
            self.connection.sendall(body[place : place + 1])

    def _reset(self) -> None:
        self.close_connection = True
        # Lingering for no time turns the close into a RST.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the requests are recorded."""
