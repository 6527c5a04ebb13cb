"""A server made of one socket, for answers that no HTTP library would give."""

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

Behaviour = Callable[[socket.socket, threading.Event], None]
"""What to do with a connection whose first request was read, until the event is set."""

SELF_SIGNED = Path(__file__).with_name("self_signed.pem")

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawServer:
    """Serves each connection with one behaviour, in a thread, until the block ends.

    Attributes:
        connections: how many were accepted.
        requests: the first bytes of every request.
    """

    def __init__(self, behave: Behaviour, *, tls: bool = False) -> None:
        self._behave = behave
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self.connections = 0
        self.requests: list[bytes] = []

    @property
    def url(self) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __enter__(self) -> "RawServer":
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        with socket.create_connection(self._listener.getsockname()):
            pass  # wakes accept()
        for connection in self._open:
            _hang_up(connection)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _start(self, function: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=function, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._over.is_set():
                connection.close()
                return
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(10)
            if self._tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(SELF_SIGNED)
                connection = context.wrap_socket(connection, server_side=True)
            self._open.append(connection)
            while request := connection.recv(65536):
                self.requests.append(request)
                self._behave(connection, self._over)
        except OSError:
            pass  # the client has hung up, as it should
        finally:
            connection.close()


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # has ended already


def answers(data: bytes = OK) -> Behaviour:
    """Answer each request with *data*."""
    return lambda connection, _: connection.sendall(data)


def says_then_drips(head: bytes, *, pause: float = 0.05) -> Behaviour:
    """Send *head*, then one byte every *pause* seconds, for ever."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        while not over.wait(pause):
            connection.sendall(b"x")

    return behave


def says_then_hangs(head: bytes = b"") -> Behaviour:
    """Send *head* and nothing more."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        over.wait(30)

    return behave
