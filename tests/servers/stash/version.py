"""Which Stash is played, and what that release knows."""

from __future__ import annotations

import re
from typing import NamedTuple

_RELEASE = re.compile(r"v?(\d+)\.(\d+)")


class Version(NamedTuple):
    """A release as far as its behaviour differs: ``Version(0, 30)``."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read "v0.30.1" or "v0.30.0-36-gcf3489efd"; a home build ("") counts as the newest."""
        found = _RELEASE.match(text)
        return cls(int(found[1]), int(found[2])) if found else NEWEST

    @property
    def has_groups(self) -> bool:
        """Groups replaced movies in v0.27."""
        return self >= (0, 27)

    @property
    def negotiates_type(self) -> bool:
        """From v0.29 (gqlgen 0.17.73) the Accept header decides type and status."""
        return self >= (0, 29)

    @property
    def has_partial_dates(self) -> bool:
        """From v0.30 a date may be "2024-05" or "2024"."""
        return self >= (0, 30)

    @property
    def names_duplicate_ids(self) -> bool:
        """Before v0.30 a duplicate id was reported as one that is missing."""
        return self >= (0, 30)


NEWEST = Version(0, 30)
EARLIEST = Version(0, 26)
