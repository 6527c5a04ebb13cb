"""HTTP/1.1 on a socket: requests read, weather let loose, answers sent."""

import socket
import socketserver
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.servers.plex.answers import Answer, page
from tests.servers.plex.journal import Request
from tests.servers.plex.weather import Weather

_LINE = 1 << 20  # bytes; far above any URL that is refused for its length

#: Returns the weather of a request, before anything is done about it.
Watch = Callable[[Request], Weather]
#: Returns the answer to a request and its body.
Serve = Callable[[Request, bytes, Weather], Answer]


class Wire(ThreadingHTTPServer):
    """The listening socket and a thread for each connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, watch: Watch, serve: Serve, blame: Callable[[str], None]) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.watch = watch
        self.serve = serve
        self.blame = blame
        self.drip_interval: Callable[[], float] = lambda: 1.0
        self.stopping = threading.Event()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._acceptor = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._acceptor.start()

    def server_bind(self) -> None:
        """Bind without asking the resolver for this host's name, as HTTPServer would."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread that `close` can find."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and forget it."""
        super().shutdown_request(request)
        self._open.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Take hung-up clients as they are; anything else is a fault of this server."""
        if not isinstance(sys.exception(), OSError):
            self.blame(f"the loopback Plex itself failed:\n{traceback.format_exc()}")

    def close(self) -> None:
        """Refuse new connections, cut those that are open and wait for their threads."""
        self.stopping.set()
        self.shutdown()
        self._acceptor.join()
        self.server_close()
        for connection, thread in list(self._open.items()):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the client was faster
            if thread is not threading.current_thread():
                thread.join(timeout=5)


class _Connection(socketserver.StreamRequestHandler):
    """One client's connection, request after request."""

    server: Wire
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._header_bytes = b""
        self._headers: dict[str, str] = {}

    def handle(self) -> None:
        while not self.server.stopping.is_set() and self._serve_one():
            pass

    def _serve_one(self) -> bool:
        request = self._read_head()
        if request is None:
            return False
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or "transfer-encoding" in request.headers:
            return self._send(page(411), Weather("fine"), request)
        body = self.rfile.read(int(length)) if length != "0" else b""
        request.size = len(body)
        weather = self.server.watch(request)
        if weather.sky == "hang":
            return self._wait_for_hang_up()
        answer = weather.instead() or self.server.serve(request, body, weather)
        request.status = answer.status
        if answer.withheld or weather.sky == "lost":
            return self._wait_for_hang_up()
        return self._send(answer, weather, request)

    def _read_head(self) -> Request | None:
        line = self.rfile.readline(_LINE)
        words = line.decode("latin-1").split()
        if len(words) != 3:
            return None
        lines = []
        while (header := self.rfile.readline(_LINE)) not in (b"\r\n", b"\n", b""):
            lines.append(header)
        block = b"".join(lines)
        if block != self._header_bytes:  # the same for every request of most clients
            self._header_bytes, self._headers = block, _parse_headers(lines)
        method, target, self._version = words
        path, _, query = target.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True) if query else []
        return Request(
            method,
            unquote(path) if "%" in path else path,
            pairs,
            self._headers,
            time.monotonic(),
            target=target,
        )

    def _send(self, answer: Answer, weather: Weather, request: Request) -> bool:
        head, body = answer.on_the_wire()
        if weather.sky == "drip":
            return self._drip(head, body, weather)
        if weather.sky in ("reset", "cut", "truncate"):
            return self._break_off(answer, weather.sky)
        self.wfile.write(head + body if request.method != "HEAD" else head)
        keep = request.headers.get("connection", "").lower() != "close"
        return keep and self._version == "HTTP/1.1"

    def _drip(self, head: bytes, body: bytes, weather: Weather) -> bool:
        at_once, slowly = (head, body) if weather.part == "body" else (b"", head + body)
        self.wfile.write(at_once)
        for position in range(len(slowly)):
            if self.server.stopping.wait(self.server.drip_interval()):
                return False
            self.wfile.write(slowly[position : position + 1])
        return True

    def _break_off(self, answer: Answer, how: str) -> bool:
        head, body = answer.on_the_wire()
        half = len(body) // 2
        if how == "truncate" and body:
            answer.body = body[:half]
            head, body = answer.on_the_wire()
            self.wfile.write(head + body)
            return True
        if body:  # half a header without a body is an answer to urllib3: then rather nothing
            self.wfile.write(head + body[:half])
        if how == "reset":
            # With a linger of 0 seconds closing sends RST instead of FIN.
            linger = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        return False

    def _wait_for_hang_up(self) -> bool:
        try:
            while self.connection.recv(4096):
                pass
        except OSError:
            pass  # a reset is a way of hanging up too
        return False


def _parse_headers(lines: list[bytes]) -> dict[str, str]:
    headers = {}
    for line in lines:
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers
