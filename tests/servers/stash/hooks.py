"""The documents that Stash writes to a plugin's stdin (pkg/plugin/common/msg.go)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .editing import completed
from .library import Library
from .model import Scene

Document = dict[str, Any]

_TRIGGERS = {
    "scan": "Scene.Update.Post",
    "identify": "Scene.Update.Post",
    "scenesUpdate": "Scene.Update.Post",
    "bulkSceneUpdate": "Scene.Update.Post",
    "bulk": "Scene.Update.Post",
    "clean": "Scene.Destroy.Post",
    "scenesDestroy": "Scene.Destroy.Post",
}


def connection_object(
    *, host: str, port: int, cookie: str | None, data_dir: str, plugin_dir: str
) -> Document:
    """Return ``server_connection``; the cookie is Go's http.Cookie as JSON, or null."""
    return {
        "Scheme": "http",
        "Host": host,
        "Port": port,
        "SessionCookie": None if cookie is None else _cookie_object(cookie),
        "Dir": data_dir,
        "PluginDir": plugin_dir,
    }


def _cookie_object(value: str) -> Document:
    return {
        "Name": "session",
        "Value": value,
        "Quoted": False,
        "Path": "",
        "Domain": "",
        "Expires": "0001-01-01T00:00:00Z",
        "RawExpires": "",
        "MaxAge": 0,
        "Secure": False,
        "HttpOnly": False,
        "SameSite": 0,
        "Partitioned": False,
        "Raw": "",
        "Unparsed": None,
    }


class PluginInputs:
    """Makes whole stdin documents.

    Attributes:
        hook_args: the ``defaultArgs`` of the hook in the plugin's YAML.
    """

    def __init__(self, library: Library, connection: Callable[[], Document]):
        self._library = library
        self._connection = connection
        self.hook_args: Document = {}

    def task(self, mode: str, args: Mapping[str, Any]) -> Document:
        """Return the input of a task."""
        return self._document({"mode": mode, **args})

    def hook(
        self, kind: str, scene_id: int, sent: Any = None, fields: Sequence[str] | None = None
    ) -> Document:
        """Return the input of a hook.

        Args:
            kind: the trigger, or what caused it: "scan", "identify", "scenesUpdate",
                "bulkSceneUpdate" (or "bulk"), "clean", "scenesDestroy".
            scene_id: whose hook it is.
            sent: the mutation's input: keys that were sent, for scenesUpdate a list of such.
            fields: instead of the names that Stash would report as inputFields.
        """
        context: Document = {"type": _TRIGGERS.get(kind, kind), "input": None}
        if scene_id:
            context = {"id": scene_id, **context}
        if context["type"] == "Scene.Destroy.Post":
            context["input"] = self._destroy_input(kind, scene_id, sent)
        elif sent is not None:
            context["input"] = self._update_input(kind, sent)
            fields = _names(kind, scene_id, sent) if fields is None else fields
        if fields:
            context["inputFields"] = list(fields)
        return self._document({**self.hook_args, "hookContext": context})

    def thing(self, trigger: str, identity: int, sent: Any, fields: Sequence[str] = ()) -> Document:
        """Return the input of a hook of a tag, performer, studio or group.

        Args:
            trigger: such as "Tag.Merge.Post".
            sent: the mutation's input as Stash prints it.
            fields: names of the fields that were sent; only updates say them.
        """
        context: Document = {"id": identity, "type": trigger, "input": sent}
        if fields:
            context["inputFields"] = list(fields)
        return self._document({**self.hook_args, "hookContext": context})

    def _document(self, args: Document) -> Document:
        # Go prints the keys of a map in order.
        return {"server_connection": self._connection(), "args": dict(sorted(args.items()))}

    def _update_input(self, kind: str, sent: Any) -> Any:
        if kind == "scenesUpdate":
            return [completed(each, self._library.version) for each in sent]
        if kind in ("Scene.Update.Post", "identify"):
            return completed(sent, self._library.version)
        return sent

    def _destroy_input(self, kind: str, scene_id: int, sent: Any) -> Document:
        scene = self._library.scenes.get(scene_id) or self._library.removed.get(scene_id)
        whom: Document = {"id": "" if kind == "clean" else str(scene_id)}
        if kind == "scenesDestroy":
            whom = {"ids": [str(scene_id)]}
        flags = {"delete_file": None, "delete_generated": None}
        return {**whom, **flags, **(sent or {}), **_file_facts(scene)}


def _file_facts(scene: Scene | None) -> Document:
    if scene is None:
        return {"checksum": "", "oshash": "", "path": ""}
    return {"checksum": scene.checksum, "oshash": scene.oshash, "path": scene.path}


def _names(kind: str, scene_id: int, sent: Any) -> list[str]:
    if kind == "scenesUpdate":
        return [name for each in sent if str(each["id"]) == str(scene_id) for name in each]
    if kind == "identify":
        return [name for name, value in sent.items() if value is not None]
    return list(sent)
