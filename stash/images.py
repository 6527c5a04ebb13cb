"""A scene's cover, as far as it is worth showing."""

from dataclasses import dataclass

from requests import Response

LARGEST = 20_000_000
"""Bytes; what is larger is no poster, and Plex refuses it long before."""

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM")


@dataclass(frozen=True, slots=True)
class Picture:
    """A cover.

    Attributes:
        data: the exact bytes.
        etag: what Stash calls these bytes.
    """

    data: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class NotModified:
    """The bytes are those whose ETag was sent."""


@dataclass(frozen=True, slots=True)
class NoPicture:
    """There is nothing worth uploading.

    Attributes:
        why: for the log.
        etag: of what there is instead, so that it need not be fetched again; may be "".
    """

    why: str
    etag: str = ""


Cover = Picture | NotModified | NoPicture
"""What Stash answers to who asks for a cover."""


def read_picture(response: Response) -> Picture | NoPicture:
    """Judge a streamed answer with status 200, reading no more of it than a picture may have."""
    etag = response.headers.get("ETag", "")
    data = bytearray()
    for piece in response.iter_content(65536):
        data += piece
        if len(data) > LARGEST:
            return NoPicture(f"its cover has more than {LARGEST // 1_000_000} MB", etag)
    if response.headers.get("Content-Type", "").startswith("image/svg"):
        return NoPicture("Stash has no cover of it", etag)  # the default picture is the only SVG
    if not _is_image(bytes(data[:16])):
        return NoPicture("its cover is no image that we know", etag)
    return Picture(bytes(data), etag)


def _is_image(head: bytes) -> bool:
    """Whether the bytes begin as an image does; Stash sends AVIF without a name of its own."""
    in_a_container = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    is_avif = head[4:12] in (b"ftypavif", b"ftypavis")
    return head.startswith(_SIGNATURES) or in_a_container or is_avif
