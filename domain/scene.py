"""A scene as Stash says it is."""

from dataclasses import dataclass

from domain.job import SceneId


@dataclass(frozen=True, slots=True)
class SceneFile:
    """One file of a scene.

    Attributes:
        path: as Stash's machine or container sees it.
        size: bytes; None if Stash does not know it.
    """

    path: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """What Stash says of a scene, cleaned at the door (validation/scene.py).

    Texts are "" where Stash has none.

    Attributes:
        updated_at: RFC 3339 as Stash printed it, whole seconds, in the server's own zone; the
            version that was read, never the present time.
        date: "YYYY-MM-DD", "YYYY-MM", "YYYY" or "" (partial dates since Stash v0.30).
        rating100: 0 to 100, None if not rated.
        performers, tags, groups: names in Stash's order, without repetitions.
        files: the primary file first; empty for a scene without files.
    """

    id: SceneId
    updated_at: str
    title: str = ""
    details: str = ""
    date: str = ""
    rating100: int | None = None
    studio: str = ""
    performers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    files: tuple[SceneFile, ...] = ()

    @property
    def has_metadata(self) -> bool:
        """Whether anybody has described the scene; one that nobody has is not written to Plex.

        This is the gate: the same for every producer, applied to what Stash says when the job
        runs. A title does not count, because Stash makes one up from the file name.
        """
        return bool(self.studio or self.performers or self.tags or self.details or self.date)
