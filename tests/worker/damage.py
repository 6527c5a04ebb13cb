"""What a small file may hold after an accident, or after somebody has edited it."""

from collections.abc import Mapping
from types import MappingProxyType

UNREADABLE: Mapping[str, bytes] = MappingProxyType(
    {
        "empty": b"",
        "half": b'{"state": ',
        "not json": b"CLOSED",
        "not utf-8": b"\xff\xfe",
        "a list": b"[]",
        "null": b"null",
        "too deep": b"[" * 100_000,
    }
)
"""Contents that are no document at all."""

NO_TIME: Mapping[str, bytes] = MappingProxyType(
    {
        "text": b'"yesterday"',
        "a list": b"[]",
        "not a number": b"NaN",
        "infinite": b"Infinity",
        "too big for a float": b"1" + b"0" * 400,
        "after the end of the calendar": b"1e20",
    }
)
"""JSON in the place of a time that is none."""
