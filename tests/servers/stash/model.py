"""What a Stash library holds. Times are text, as Stash stores them: RFC3339 with an offset."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache


class StashError(Exception):
    """A resolver failed; the text is what Stash would answer."""


@lru_cache(maxsize=4096)
def epoch(stamp: str) -> int:
    """Return the Unix seconds of a stored time."""
    return int(datetime.fromisoformat(stamp).timestamp())


@dataclass(eq=False, slots=True)
class StashID:
    """The name of a thing at a stash-box."""

    endpoint: str
    stash_id: str
    updated_at: str


@dataclass(eq=False, slots=True)
class Tag:
    """A tag; scenes refer to it, so a new name shows in all of them."""

    id: int
    name: str
    created_at: str
    updated_at: str
    image: bytes | None = None
    aliases: list[str] = field(default_factory=list)
    sort_name: str | None = None
    description: str = ""
    favorite: bool = False
    ignore_auto_tag: bool = False
    parents: list[Tag] = field(default_factory=list)
    children: list[Tag] = field(default_factory=list)
    stash_ids: list[StashID] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Performer:
    """A performer."""

    id: int
    name: str
    created_at: str
    updated_at: str
    image: bytes | None = None
    disambiguation: str = ""
    aliases: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    gender: str | None = None
    birthdate: str | None = None
    country: str = ""
    details: str = ""
    rating100: int | None = None
    favorite: bool = False
    tags: list[Tag] = field(default_factory=list)
    stash_ids: list[StashID] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Studio:
    """A studio, perhaps below another one."""

    id: int
    name: str
    created_at: str
    updated_at: str
    image: bytes | None = None
    parent_studio: Studio | None = None
    child_studios: list[Studio] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    details: str = ""
    rating100: int | None = None
    favorite: bool = False
    ignore_auto_tag: bool = False
    tags: list[Tag] = field(default_factory=list)
    stash_ids: list[StashID] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Group:
    """What was a movie before v0.27."""

    id: int
    name: str
    created_at: str
    updated_at: str
    image: bytes | None = None
    back_image: bytes | None = None
    aliases: str = ""
    duration: int | None = None
    date: str | None = None
    rating100: int | None = None
    studio: Studio | None = None
    director: str = ""
    synopsis: str = ""
    urls: list[str] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Membership:
    """A scene's place in a group."""

    group: Group
    scene_index: int | None = None


@dataclass(eq=False, slots=True)
class Marker:
    """A named moment of a scene, in seconds."""

    id: int
    title: str
    seconds: float
    primary_tag: Tag
    created_at: str
    updated_at: str
    end_seconds: float | None = None
    tags: list[Tag] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Fingerprint:
    """A hash of a file."""

    type: str
    value: str


@dataclass(eq=False, slots=True)
class VideoFile:
    """A file of a scene; the path is the server's, absolute."""

    id: int
    path: str
    created_at: str
    updated_at: str
    mod_time: str
    size: int = 1000
    duration: float = 60.0
    width: int = 1920
    height: int = 1080
    format: str = "mp4"
    video_codec: str = "h264"
    audio_codec: str = "aac"
    frame_rate: float = 25.0
    bit_rate: int = 1_000_000
    md5: str = ""
    oshash: str = ""

    @property
    def basename(self) -> str:
        return self.path.replace("\\", "/").rpartition("/")[2]

    @property
    def folder(self) -> str:
        return self.path[: -len(self.basename) - 1]

    @property
    def fingerprints(self) -> list[Fingerprint]:
        known = (("oshash", self.oshash), ("md5", self.md5))
        return [Fingerprint(kind, value) for kind, value in known if value]


@dataclass(eq=False, slots=True)
class Scene:
    """A scene. Setting an attribute here is a change that nobody notices: see change_silently."""

    id: int
    created_at: str
    updated_at: str
    title: str = ""
    code: str = ""
    details: str = ""
    director: str = ""
    date: str | None = None
    rating100: int | None = None
    organized: bool = False
    studio: Studio | None = None
    performers: list[Performer] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    groups: list[Membership] = field(default_factory=list)
    files: list[VideoFile] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    stash_ids: list[StashID] = field(default_factory=list)
    scene_markers: list[Marker] = field(default_factory=list)
    cover: bytes | None = None
    o_counter: int = 0
    play_count: int = 0
    play_duration: float = 0.0
    resume_time: float = 0.0
    last_played_at: str | None = None

    @property
    def path(self) -> str:
        """The primary file's path; empty without files."""
        return self.files[0].path if self.files else ""

    @property
    def checksum(self) -> str:
        return self.files[0].md5 if self.files else ""

    @property
    def oshash(self) -> str:
        return self.files[0].oshash if self.files else ""


@dataclass(eq=False, slots=True)
class Job:
    """A row of Stash's job queue."""

    id: int
    description: str
    add_time: str
    status: str = "READY"
    progress: float | None = None
    start_time: str | None = None
    end_time: str | None = None
    error: str | None = None
    plugin_id: str = ""
    task_name: str | None = None
    args: dict[str, object] = field(default_factory=dict)
