"""A Stash on loopback, as tests, demo and benchmark use it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, Generic, Self, TypeVar

from .content import Content
from .executor import Executor
from .hooks import Document, PluginInputs, connection_object
from .jobs import Jobs
from .library import Library
from .mutations import Editor
from .reply import Kind, Request
from .roots import Roots, Settings
from .schema import schema_for
from .sessions import Auth, Door
from .site import Site
from .transport import Desk, Listener
from .version import EARLIEST, Version
from .weather import Sky, Weather

PLUGIN_ID = "Stash2Plex"

ValueT = TypeVar("ValueT")


class Forwarded(Generic[ValueT]):
    """An attribute that lives in one of the server's parts."""

    def __init__(self, part: str, name: str):
        self._part = part
        self._name = name

    def __get__(self, server: object, owner: type) -> ValueT:
        value: ValueT = getattr(getattr(server, self._part), self._name)
        return value

    def __set__(self, server: object, value: ValueT) -> None:
        setattr(getattr(server, self._part), self._name, value)


class LoopbackStash(Content):
    """A server that behaves like Stash towards a plugin.

    Args:
        version: what it says it is; it behaves like that release (a text that names none
            behaves like the newest).
        data_dir: the folder of its config.yml; by default one that vanishes with the object.
    """

    #: The server's clock; answers are dated by it too.
    now = Forwarded[Callable[[], datetime]]("library", "now")
    #: The offset in which times are stored from now on: "+02:00", "Z".
    timezone = Forwarded[str]("library", "timezone")
    #: "none", "password" (a session is needed) or "key" (a session or the API key).
    auth = Forwarded[Auth]("door", "auth")
    api_key = Forwarded[str]("door", "api_key")
    #: Seconds; 0 for ever.
    session_lifetime = Forwarded[int]("door", "session_lifetime")
    #: All that arrived, oldest first.
    requests = Forwarded[list[Request]]("desk", "requests")
    #: Seconds before each answer.
    latency = Forwarded[float]("desk", "latency")
    #: Seconds between two bytes when answers drip.
    drip_interval = Forwarded[float]("desk", "drip_interval")
    #: Called in the connection's thread when an answer is ready to go.
    before_answer = Forwarded[Callable[[Request], object] | None]("desk", "before_answer")
    #: What failed inside the loopback server itself: a bug here, never the plugin's.
    crashes = Forwarded[list[Exception]]("desk", "crashes")
    #: Called for each scene that a GraphQL mutation changes, before the mutation is answered.
    on_hook = Forwarded[Callable[[Document], object] | None]("_roots", "on_hook")
    #: Stored settings of all plugins.
    plugin_settings = Forwarded[dict[str, Settings]]("_roots", "plugin_settings")
    #: defaultArgs of the plugin's hook.
    hook_args = Forwarded[dict[str, Any]]("_inputs", "hook_args")
    #: Stash's setting: URLs in results begin with it; "" for the request's Host.
    external_host = Forwarded[str]("site", "external_host")

    def __init__(self, version: str = "v0.30.1", *, data_dir: str | Path | None = None):
        release = Version.parse(version)
        if release < EARLIEST:
            raise ValueError(f"{version} is older than what is played here")
        self.version = version
        self.library = Library(release)
        self.door = Door(lambda: self.library.now())
        self.jobs = Jobs(self.library)
        self._inputs = PluginInputs(self.library, lambda: self.connection())
        self._editor = Editor(self.library, self._inputs)
        self._roots = Roots(self.library, self._editor, self.jobs, version)
        self._roots.general = self._general
        executor = Executor(schema_for(release), self._roots)
        self.site = Site(self.library, self.door, executor, release)
        self.sky = Sky()
        self.desk = Desk(self.site, self.sky, lambda: self.library.now())
        self.host = "127.0.0.1"
        self.port = 0
        self.plugin_dir = ""
        self._data_dir = None if data_dir is None else Path(data_dir)
        self._listener: Listener | None = None
        self._thread: Thread | None = None

    def start(self) -> Self:
        """Listen: the first time on any free port, later on the same one again."""
        if self._listener is not None:
            return self
        self.desk.closing.clear()
        self._listener = Listener(self.desk, self.host, self.port)
        self.port = self._listener.server_address[1]
        self._thread = Thread(
            target=self._listener.serve_forever, args=(0.02,), name="loopback Stash", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and close all connections; the library stays."""
        listener, thread = self._listener, self._thread
        if listener is None or thread is None:
            return
        self._listener = self._thread = None
        self.desk.closing.set()
        listener.shutdown()
        thread.join()
        listener.server_close()
        self.sky.let_go()
        listener.hang_up()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://{self.host}:{self.port}"

    @property
    def data_dir(self) -> str:
        """The folder of config.yml, absolute."""
        if self._data_dir is None:
            self._data_dir = Path(tempfile.mkdtemp(prefix="loopback-stash-"))
            weakref.finalize(self, shutil.rmtree, self._data_dir, ignore_errors=True)
        return str(self._data_dir.absolute())

    @data_dir.setter
    def data_dir(self, folder: str | Path) -> None:
        self._data_dir = Path(folder)

    @property
    def settings(self) -> Settings:
        """The plugin's stored settings: what was never edited is absent."""
        return self.plugin_settings.setdefault(PLUGIN_ID, {})

    @settings.setter
    def settings(self, values: Settings) -> None:
        self.plugin_settings[PLUGIN_ID] = values

    def weather(self, weather: Weather, only: Kind | None = None) -> None:
        """Let all requests, or those of one kind, meet this weather from now on."""
        self.sky.turn(weather, only)

    def next_answers(self, answers: Iterable[Weather], only: Kind | None = None) -> None:
        """Let the next requests (GraphQL and images) meet one of these each."""
        self.sky.order(answers, only)

    def clear_requests(self) -> None:
        """Forget what arrived so far."""
        self.requests = []

    def count(self, kind: Kind) -> int:
        """Return how many requests of a kind arrived."""
        return sum(request.kind == kind for request in self.requests)

    def new_cookie(self) -> str:
        """Return the value of a fresh cookie ``session``."""
        return self.door.new_cookie()

    def expire_sessions(self) -> None:
        """Make every cookie that was given out worthless."""
        self.door.expire_sessions()

    def connection(
        self,
        data_dir: str | Path | None = None,
        *,
        cookie: bool = True,
        host: str | None = None,
    ) -> Document:
        """Return the server_connection object.

        Args:
            data_dir: the folder of config.yml; from now on the server's.
            cookie: False for the null that Stash sends when it could not encode one.
            host: what Stash is bound to, such as "0.0.0.0".
        """
        if data_dir is not None:
            self.data_dir = str(data_dir)
        return connection_object(
            host=host or self.host,
            port=self.port,
            cookie=self.new_cookie() if cookie else None,
            data_dir=self.data_dir,
            plugin_dir=self.plugin_dir or f"{self.data_dir}/plugins/community/{PLUGIN_ID}",
        )

    def _general(self) -> dict[str, Any]:
        folder = self.data_dir
        return {
            "stashes": [SimpleNamespace(path="/data", excludeVideo=False, excludeImage=False)],
            "databasePath": f"{folder}/stash-go.sqlite",
            "generatedPath": f"{folder}/generated",
            "configFilePath": f"{folder}/config.yml",
            "pluginsPath": f"{folder}/plugins",
            "cachePath": f"{folder}/cache",
            "parallelTasks": 1,
            "apiKey": self.door.configured_key,
            "username": self.door.username if self.door.is_locked else "",
            "password": "*" * 12 if self.door.is_locked else "",
            "maxSessionAge": self.session_lifetime,
            "logFile": "",
            "logLevel": "Info",
            "pythonPath": "",
        }
