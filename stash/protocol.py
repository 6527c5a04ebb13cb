"""What Stash says on stdin and hears on stdout.

Part of the hook path: plain classes and dicts, cheap standard modules only. The shapes are
those of pkg/plugin/common/msg.go and pkg/plugin/raw.go in Stash.
"""

import json
import os

EVENTS = {
    "Scene.Create.Post": "scene",
    "Scene.Update.Post": "scene",
    "Scene.Destroy.Post": "scene",
    "Tag.Update.Post": "tag",
    "Tag.Destroy.Post": "tag",
    "Tag.Merge.Post": "tag",
    "Performer.Update.Post": "performer",
    "Performer.Destroy.Post": "performer",
    "Studio.Update.Post": "studio",
    "Studio.Destroy.Post": "studio",
    "Group.Update.Post": "group",
    "Group.Destroy.Post": "group",
    "Movie.Update.Post": "group",  # what groups are called before v0.27
    "Movie.Destroy.Post": "group",
}
"""What we are started for, and what kind of thing it is about."""

# An update that touches nothing but these changes nothing that Plex shows. A name that is
# not here counts as relevant, so a newer Stash costs at most a job without effect.
IRRELEVANT = frozenset(
    (
        "clientMutationId", "gallery_ids", "id", "ids", "o_counter", "organized", "play_count",
        "play_duration", "resume_time", "stash_ids", "url", "urls",
    )
)  # fmt: skip


class BadInvocation(Exception):
    """What came on stdin cannot be served; the message says why."""


class Hook:
    """An event in Stash.

    Attributes:
        type: the trigger, such as "Scene.Update.Post".
        id: Stash's id of what it is about; None if it does not say.
        fields: names of the fields that were sent; None if this is not known (scans).
    """

    __slots__ = ("fields", "id", "type")

    def __init__(self, type: str, id: int | None, fields: list[str] | None) -> None:
        self.type = type
        self.id = id
        self.fields = fields

    @property
    def changes_plex(self) -> bool:
        """Whether anything that Plex shows may have changed."""
        if not self.type.endswith(".Update.Post") or not self.fields:
            return True
        if self.type == "Scene.Update.Post":
            return not IRRELEVANT.issuperset(self.fields)
        return "name" in self.fields  # of a tag or performer, a scene shows nothing else


class Invocation:
    """One start of the plugin.

    Attributes:
        connection: Stash's server_connection as it came.
        args: the task's arguments, or the hook's.
        hook: None for a task.
    """

    __slots__ = ("args", "connection", "hook")

    def __init__(
        self, connection: dict[str, object], args: dict[str, object], hook: Hook | None
    ) -> None:
        self.connection = connection
        self.args = args
        self.hook = hook


def parse(raw: bytes) -> Invocation:
    """Read what Stash sent.

    Raises:
        BadInvocation: it is not the document that Stash sends.
    """
    try:
        # Names that are not UTF-8 must not cost the identity, which is all we take.
        document = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise BadInvocation(
            "stdin holds no JSON object: Stash2Plex is started by Stash, not by hand"
        )
    connection, args = document.get("server_connection"), document.get("args")
    if not isinstance(connection, dict) or not isinstance(args or {}, dict):
        raise BadInvocation("stdin lacks server_connection or args: check Stash's version")
    args = args or {}
    context = args.get("hookContext")
    return Invocation(connection, args, _hook(context) if isinstance(context, dict) else None)


def _hook(context: dict[str, object]) -> Hook:
    fields = context.get("inputFields")
    return Hook(
        str(context.get("type") or ""),
        _identity(context.get("id")),
        [str(name) for name in fields] if isinstance(fields, list) else None,
    )


def _identity(raw: object) -> int | None:
    """Stash's ids are positive; hooks carry them as numbers, the rest of Stash as strings."""
    if isinstance(raw, bool) or not isinstance(raw, (int, str)):
        return None
    try:
        identity = int(raw)
    except ValueError:
        return None
    return identity if 0 < identity < 2**63 else None


def data_dir(connection: dict[str, object]) -> str:
    """The plugin's data folder: beside Stash's config, where it survives plugin updates.

    Raises:
        BadInvocation: neither Stash nor STASH2PLEX_DATA_DIR says where that is.
    """
    chosen = os.environ.get("STASH2PLEX_DATA_DIR")
    if chosen:
        return os.path.abspath(chosen)
    folder = connection.get("Dir")
    if not isinstance(folder, str) or not folder:
        raise BadInvocation("server_connection.Dir is missing: set STASH2PLEX_DATA_DIR")
    return os.path.join(os.path.abspath(folder), "stash2plex")


def answer(document: dict[str, object]) -> None:
    """Write the one document that Stash reads; call it once per process.

    Unbuffered and at a stroke, so that nothing else can end up in it.
    """
    text = json.dumps(document).encode() + b"\n"
    while text:
        text = text[os.write(1, text) :]


def say(level: str, text: str) -> None:
    """One line for Stash, without the logging module; *level* is one of t d i w e, or p."""
    line = " ".join(text.split())[:8000]
    try:
        os.write(2, f"\x01{level}\x02{line}\n".encode("utf-8", "replace"))
    except OSError:
        pass  # nobody listens; the answer is still to come


def record_incident(error: Exception) -> str:
    """Tell where a bug is, in one line; return the number under which it is found.

    For processes without worker.logs. No text of the error: it may hold what nobody should read.
    """
    incident, places, frame = os.urandom(4).hex(), [], error.__traceback__
    while frame is not None:
        file = os.path.basename(frame.tb_frame.f_code.co_filename)
        places.append(f"{file}:{frame.tb_lineno}")
        frame = frame.tb_next
    say("e", f"incident {incident}: {type(error).__name__} at {' > '.join(places)}")
    return incident
