"""A requests session in which no request can outlast its deadline.

requests bounds each single ``recv``: a server that drips one byte per second is never too slow
for it. Here every read waits for what is left of the request's deadline at most, without a
thread.
"""

import io
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPResponse
from socket import socket
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout, ReadTimeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ReadTimeoutError


def bounded_session(
    *, connect: float = 5.0, read: float = 30.0, total: float | None = None, verify: bool = True
) -> requests.Session:
    """Return a session that keeps connections alive, retries nothing and follows no redirect.

    A request that is not through in time, body included, raises
    requests.exceptions.ReadTimeout. With ``stream=True`` the body's deadline holds too, but what
    reading it raises is left as requests makes it: requests.exceptions.ConnectionError.

    The environment is not trusted. Stash exports its HTTP_PROXY to us, but Plex and Stash are
    on the local network, where a proxy cannot or should not reach them, and a .netrc would
    replace our credentials.

    Args:
        connect: seconds to wait for a connection, where the request gives no timeout.
        read: seconds to wait for each piece of the answer, where the request gives no timeout.
        total: seconds a request may take in all; None for the sum of its two timeouts.
        verify: whether a server's certificate must be valid.
    """
    session = _Session()
    session.trust_env = False
    session.verify = verify
    adapter = _Adapter(connect, read, total)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        # A redirect of Stash leads to its login page; one of Plex could carry the token away.
        return None


@dataclass(frozen=True, slots=True)
class _Patience:
    """How long one request may take.

    Attributes:
        read: seconds to wait for each piece of the answer.
        due_at: when all of it must be there, on the monotonic clock.
    """

    read: float
    due_at: float

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.due_at

    def left(self) -> float:
        """Seconds until the end."""
        left = self.due_at - time.monotonic()
        if left <= 0:  # a socket takes 0 as "do not block"
            raise TimeoutError("timed out")
        return left


class _Current(threading.local):
    """The patience with the request that this thread has under way."""

    patience = _Patience(0.0, 0.0)


class _Adapter(HTTPAdapter):
    """Gives each request its deadline and reads the body within it."""

    def __init__(self, connect: float, read: float, total: float | None) -> None:
        self._connect, self._read, self._total = connect, read, total
        self._current = _Current()
        super().__init__(pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.conn_kw["current"] = self._current
        return pool

    def send(  # type: ignore[override]  # the same arguments, passed by name
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        **kwargs: Any,
    ) -> requests.Response:
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        connect, read = connect or self._connect, read or self._read
        due_at = time.monotonic() + (self._total or connect + read)
        self._current.patience = _Patience(read, due_at)
        try:
            response = super().send(request, stream, (connect, read), **kwargs)
            if not stream:
                response.content  # noqa: B018 -- reads it, within the deadline
        except ConnectTimeout:
            raise
        except NoConnection as error:
            if self._is_late(error):
                raise ReadTimeout("no complete answer in time", request=request) from error
            raise
        return response

    def _is_late(self, error: NoConnection) -> bool:
        # requests tells a timeout from a broken connection in the header only.
        return self._current.patience.is_over or isinstance(error.args[0], ReadTimeoutError)


class _Deadline:
    """What both connection classes do differently: send and receive until the deadline only."""

    sock: socket | None
    connect: Callable[[], None]

    def __init__(self, *args: Any, current: _Current, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._current = current

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        # urllib3 leaves the connect timeout on it, too short for a poster of some megabytes.
        cast(socket, self.sock).settimeout(self._current.patience.left())
        super().send(data)  # type: ignore[misc]  # http.client's

    def response_class(self, sock: socket, **options: Any) -> HTTPResponse:
        """Stand in for the class of this name in http.client.HTTPConnection."""
        reader = _Reader(sock, self._current.patience)
        return HTTPResponse(cast(socket, reader), **options)


class _Reader(io.RawIOBase):
    """The bytes of one answer, in the place of the socket they come from."""

    def __init__(self, sock: socket, patience: _Patience) -> None:
        self._sock, self._patience = sock, patience
        # Counts as a user of the socket, which stays open until this is closed too.
        self._raw = sock.makefile("rb", buffering=0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """All that http.client.HTTPResponse asks a socket for."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(min(self._patience.read, self._patience.left()))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Connection(_Deadline, HTTPConnection):  # type: ignore[misc]  # response_class: see there
    pass


class _SecureConnection(_Deadline, HTTPSConnection):  # type: ignore[misc]  # as above
    def connect(self) -> None:
        super().connect()
        # Else urllib3 warns at each request, on stderr, where Stash logs it as an error. Whoever
        # said verify=False knows.
        self.is_verified = True


class _Complete:
    """What both pools do differently: half a body is an error.

    It is one anyway since urllib3 2, but systems that bring requests may bring urllib3 1.26.
    """

    def urlopen(self, *args: Any, **kwargs: Any) -> Any:
        return super().urlopen(*args, enforce_content_length=True, **kwargs)  # type: ignore[misc]


class _Pool(_Complete, HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(_Complete, HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
