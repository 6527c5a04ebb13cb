"""What we remember of what we wrote, per Plex item and scene."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.job import SceneId
from domain.plex_item import RatingKey, Value


@dataclass(frozen=True, slots=True)
class FieldMemory:
    """What was written to one field and what Plex made of it.

    Attributes:
        written: our wish when we last wrote, or found it fulfilled.
        seen: what Plex showed at the next read; None while nobody has looked since the write.
            Plex may normalise a value: seen and written then differ for good.
        tries: how many times this wish was written.
    """

    written: Value
    seen: Value | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class ImageMemory:
    """The image that was last uploaded, or found in place.

    Attributes:
        sha1: hex digest of the exact bytes that Plex shows; Plex names uploads by it. "" if
            nothing was uploaded yet, or an upload was begun and nobody knows how it ended.
        etag: what Stash called what it has now; sent as If-None-Match.
        earlier: digests that were, or may have been, uploaded before. Plex keeps them, and
            uploading one again would not show it.
    """

    sha1: str
    etag: str = ""
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What we know of one scene in one Plex item.

    Attributes:
        server: Plex's machineIdentifier.
        updated_at: the scene's version that was read when this was written.
        content_hash: of everything we would sync, so that a rename shows although updated_at
            does not move.
        fields: memory by our field names; a field we never wrote is absent.
        images: by kind: "poster".
        intent: tags that were about to be added when the entry was stored, by field. A worker
            that died may have added them, so they are ours too.
        synced_at: Unix seconds of the last confirmation; for people, never for decisions.
    """

    server: str
    rating_key: RatingKey
    scene_id: SceneId
    updated_at: str = ""
    content_hash: str = ""
    fields: Mapping[str, FieldMemory] = field(default_factory=dict)
    images: Mapping[str, ImageMemory] = field(default_factory=dict)
    intent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    synced_at: float = 0.0
