"""The small library that the demo edits: what the files are called, and what somebody types."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.world import World, picture


@dataclass(slots=True)
class Video:
    """A file that nobody has described yet, and what is typed into Stash about it.

    Attributes:
        name: of the file; Plex shows it as the title until it learns better.
        typed: what the first save brings, with the names of Stash's edit form.
        later: what is changed while Plex is away; empty for nothing.
        scene: Stash's id, once the library is set up.
    """

    name: str
    typed: dict[str, Any]
    later: dict[str, Any] = field(default_factory=dict)
    scene: int = 0

    @property
    def title(self) -> str:
        """What it is called in Stash."""
        return str(self.typed["title"])


def set_up(world: World) -> list[Video]:
    """Put the videos into Stash and Plex, undescribed."""
    videos = [
        _video("DSC_0412", "Harbour at Dawn", "Northlight", "2019-05-17", 85, "harbour sea"),
        _video("MVI_2231", "The Long Way Home", "Northlight", "2020-11-02", 70, "road rain"),
        _video("clip-007", "Été à Lyon", "Deux Rives", "2018-07-21", 90, "city summer"),
        _video("GX010033", "Night Train North", "Halfmoon", "2021-01-30", 65, "train night"),
        _video("00014", "東京の夜", "Halfmoon", "2022-03-12", 95, "city night"),
        _video("video(3)", "Salt & Stone", "Deux Rives", "2017-09-08", 80, "sea climbing"),
        _video("IMG_5120", "A Garden in March", "Fieldnotes", "2023-03-05", 75, "garden rain"),
        _video("untitled", "Paper Boats", "Fieldnotes", "2024-06-19", 60, "river summer"),
    ]
    videos[0].later = {"title": "Harbour at Dusk"}
    videos[2].later = {"rating100": 100}
    videos[4].later = {"studio": "Northlight"}
    videos[6].later = {"tags": ["garden", "spring"]}
    for video in videos:
        video.scene = world.add(video.name, studio=None)
    return videos


def _video(name: str, title: str, studio: str, date: str, rating: int, tags: str) -> Video:
    return Video(
        name,
        {
            "title": title,
            "details": f"{title}.\nFilmed by {studio}.",
            "studio": studio,
            "date": date,
            "rating100": rating,
            "performers": ["Ada Brook", "Tom Reyes"],
            "tags": tags.split(),
            "cover": picture(title),
        },
    )


def has_arrived(world: World, video: Video) -> bool:
    """Whether Plex shows everything that was typed, poster included."""
    typed, shown = video.typed, world.shown(video.scene)
    return shown == {
        **shown,
        "title": typed["title"],
        "title_sort": typed["title"],
        "summary": typed["details"],
        "studio": typed["studio"],
        "date": typed["date"],
        "user_rating": typed["rating100"] / 10,
        "cast": typed["performers"],
        "genres": typed["tags"],
        "collections": [typed["studio"]],
        "poster": hashlib.sha1(typed["cover"], usedforsecurity=False).hexdigest(),
    }
