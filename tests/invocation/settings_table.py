"""What each setting is set to, what is done then, and what is seen: a row for every setting."""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.invocation.circumstances import installed_copy, record
from tests.invocation.queues import at_the_write, park
from tests.invocation.witness import backgrounds
from tests.servers.stash import PluginResult
from tests.servers.stash.asking import data
from tests.world import PLEX_TOKEN, World, picture

Seen = dict[str, Any]
Play = Callable[[World], Seen]

CONFIGURE = """mutation($all: Map!) {configurePlugin(plugin_id: "Stash2Plex", input: $all)}"""

POSTER = picture("Stash's")
LATE = 2.0  # seconds after which Plex takes a connection, or answers
SYN_SENT = "02"  # the kernel's name for a connection that nobody has answered yet


@dataclass(frozen=True, slots=True)
class Row:
    """One setting.

    Attributes:
        value: what it is set to; None stands for the address of the loopback Plex.
        play: what is done; it returns what is seen.
        sees: the part of it that the setting changes.
        without: that part while the setting is unset.
        with_it: that part once it is set.
    """

    value: object
    play: Play
    sees: str
    without: object
    with_it: object


def configure(world: World, **changes: object) -> None:
    """Store settings as Stash's page does: it sends all of them at once."""
    data(world.stash, CONFIGURE, all={**world.stash.settings, **changes})


def forget(world: World, setting: str) -> None:
    """Let a setting be one that nobody has ever touched."""
    world.stash.settings.pop(setting, None)


def lines(result: PluginResult) -> list[str]:
    """What Stash's log shows of a task."""
    return [text for _, text in result.logs]


# What is done


def save(world: World) -> Seen:
    """Save a scene that has everything, over what a person wrote in Plex; and one elsewhere."""
    films = world.plex.add_section("Films", locations=("/films",))
    world.plex.add_item("/films/b.mp4", 1000, films)
    scene = world.add(
        "a",
        title="Stash's",
        details="Stash's",
        date="2020-05-17",
        rating100=60,
        studio="Stash's",
        performers=["Ann"],
        tags=["red", "green", "blue"],
        groups=["Series"],
        cover=POSTER,
    )
    world.plex.user_edits(
        world.key(scene),
        title="Plex's",
        title_sort="Plex's",
        summary="Plex's",
        studio="Plex's",
        date="1999-01-01",
        user_rating=1.0,
    )
    other = world.stash.add_scene("B", studio="S", files=[{"path": "/films/b.mp4", "size": 1000}])
    record(world, scene, other)

    result = world.task("process_queue")

    shown = world.shown(scene)
    return {
        **shown,
        "has a poster": shown["poster"] is not None,
        "titles": [shown["title"], world.shown(other)["title"]],
        "waiting": world.queue_stats()["pending"],
        "is detailed": any(line.startswith("[DEBUG] ") for line in lines(result)),
    }


def save_of_a_file_that_plex_has_twice(world: World) -> Seen:
    """Save a scene whose path in Stash tells nobody which of the two files it is."""
    scene = world.add("a", title="Stash's", in_plex=False)
    keys = [world.plex.add_item(f"/{disk}/a.mp4", 1000, world.section) for disk in ("one", "two")]
    record(world, scene)

    result = world.task("process_queue")

    return {
        "titles": [world.plex.shown(key)["title"] for key in keys],
        "paths": any("/one/a.mp4" in line for line in lines(result)),
    }


def save_of_a_file_that_plex_lacks(world: World) -> Seen:
    """Save one, while another has been missing for long; and look at the queue's status."""
    scene, missing = (world.add(name, title=name.upper(), in_plex=False) for name in "ab")
    park(world, missing)
    record(world, scene)

    said = lines(world.task("process_queue")) + lines(world.task("queue_status"))

    return {
        "scans": world.plex.count("GET", f"/library/sections/{world.section}/refresh"),
        "told": [line for line in said if "Plex has no item" in line or "Not in Plex" in line],
    }


def save_that_plex_chokes_on(world: World) -> Seen:
    """Save a scene of which Plex takes no edit."""
    scene = world.add("a", title="Stash's")
    world.plex.chokes_on(world.key(scene))
    record(world, scene)

    world.task("process_queue")

    return {"given up": world.queue_stats()["failed"]}


def save_that_plex_answers_late(world: World) -> Seen:
    """Save a scene; Plex thinks about it for a while."""
    scene = world.add("a", title="Stash's")
    at_the_write(world, 1, partial(time.sleep, LATE))
    record(world, scene)

    result = world.task("process_queue")

    return {
        "got its answer": any(line.startswith(f"scene {scene}: synced") for line in lines(result))
    }


def save_while_plex_takes_no_connection(world: World) -> Seen:
    """Save a scene; a connection to Plex would come about only after a while."""
    scene = world.add("a", title="Stash's")
    with full_backlog() as port:
        configure(world, plex_url=f"http://127.0.0.1:{port}")

        world.hook(scene)

        return {"was waited for": lasts(world, port, LATE)}


def change_that_stash_does_not_announce(world: World) -> Seen:
    """Two scenes changed without a hook, one lately and one long ago; then one is saved."""
    world.script = a_plugin_that_never_lingers(world)
    new, old, saved = (world.add(name, title=name.upper()) for name in ("new", "old", "saved"))
    world.stash.scene(old).updated_at = "2001-01-01T00:00:00Z"

    world.hook(saved)
    world.until(lambda: world.shown(saved)["title"] == "SAVED")
    world.until(lambda: not backgrounds(world))

    return {"new": world.shown(new)["title"], "old": world.shown(old)["title"]}


def hourly_reconciliation(world: World) -> Seen:
    """The same, where somebody wants such changes to be looked for."""
    configure(world, reconcile_interval="hourly")
    return change_that_stash_does_not_announce(world)


# How it is done


def a_plugin_that_never_lingers(world: World) -> Path:
    """An installation whose background ends once nothing is due: then all has been done."""
    script = installed_copy(world.folder.parent / "plugin")
    file = script.parent / "worker" / "background.py"
    text = file.read_text()
    assert text.count("LINGER = 300.0") == 1
    file.write_text(text.replace("LINGER = 300.0", "LINGER = 0.0"))
    return script


def lasts(world: World, port: int, seconds: float) -> bool:
    """Whether the next attempt to connect to a port is still not given up after some time."""
    world.until(lambda: connecting(port))
    attempts, end = connecting(port), time.monotonic() + seconds
    world.until(lambda: not attempts & connecting(port) or time.monotonic() >= end)
    return bool(attempts & connecting(port))


def connecting(port: int) -> set[str]:
    """From where somebody tries to connect to a port of this machine, by the kernel's word."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    wanted = f"0100007F:{port:04X}"
    return {own for _, own, other, state, *_ in rows if (other, state) == (wanted, SYN_SENT)}


@contextmanager
def full_backlog() -> Iterator[int]:
    """A port where everybody has to wait (on Linux; elsewhere a full backlog refuses)."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
        socket.create_connection(listener.getsockname()),  # the one that there is room for
    ):
        yield listener.getsockname()[1]


# The table

TABLE: Mapping[str, Row] = {
    "plex_url": Row(None, save, "title", "Plex's", "Stash's"),
    "plex_token": Row(PLEX_TOKEN, save, "title", "Plex's", "Stash's"),
    "plex_library": Row("Films", save, "titles", ["Stash's", "B"], ["Plex's", "B"]),
    "path_map": Row(
        "/data=/one", save_of_a_file_that_plex_has_twice, "titles", ["a", "a"], ["Stash's", "a"]
    ),
    "disabled": Row(True, save, "waiting", 0, 2),
    "skip_title": Row(True, save, "title", "Stash's", "Plex's"),
    "skip_sort_title": Row(True, save, "title_sort", "Stash's", "Plex's"),
    "skip_studio": Row(True, save, "studio", "Stash's", "Plex's"),
    "skip_summary": Row(True, save, "summary", "Stash's", "Plex's"),
    "skip_date": Row(True, save, "date", "2020-05-17", "1999-01-01"),
    "skip_rating": Row(True, save, "user_rating", 6.0, 1.0),
    "skip_performers": Row(True, save, "cast", ["Ann"], []),
    "skip_tags": Row(True, save, "genres", ["red", "green", "blue"], []),
    "skip_collection": Row(True, save, "collections", ["Stash's"], []),
    "skip_poster": Row(True, save, "has a poster", True, False),
    "collect_groups": Row(True, save, "collections", ["Stash's"], ["Stash's", "Series"]),
    "preserve_plex_edits": Row(True, save, "title", "Stash's", "Plex's"),
    "trigger_plex_scan": Row(True, save_of_a_file_that_plex_lacks, "scans", 0, 1),
    "hide_not_found": Row(
        True,
        save_of_a_file_that_plex_lacks,
        "told",
        ["scene 1: put off: Plex has no item with its file", "Not in Plex: 1"],
        [],
    ),
    "dry_run": Row(True, save, "titles", ["Stash's", "B"], ["Plex's", "b"]),
    "max_tags": Row(2, save, "genres", ["red", "green", "blue"], ["red", "green"]),
    "max_retries": Row(1, save_that_plex_chokes_on, "given up", 0, 1),
    "connect_timeout": Row(0.5, save_while_plex_takes_no_connection, "was waited for", True, False),
    "read_timeout": Row(1, save_that_plex_answers_late, "got its answer", True, False),
    "reconcile_interval": Row("hourly", change_that_stash_does_not_announce, "new", "new", "NEW"),
    "reconcile_scope": Row("all", hourly_reconciliation, "old", "old", "OLD"),
    "obfuscate_paths": Row(True, save_of_a_file_that_plex_has_twice, "paths", True, False),
    "debug_logging": Row(True, save, "is detailed", False, True),
}
