"""make demo: a Stash and a Plex on loopback, and the plugin as Stash starts it between them."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.demo.screen import Screen
from tests.demo.story import Story
from tests.world import World


def main() -> int:
    """Tell the story; 0 only if every edit arrived."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--patience", type=float, default=120.0, help="seconds an edit may take to arrive"
    )
    patience = parser.parse_args().patience
    screen = Screen()
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="stash2plex-demo-") as folder,
        World(Path(folder) / "config") as world,
    ):
        story = Story(world, screen, patience)
        _tell(story, screen)
        if story.is_well():
            screen.say(
                f"Nothing was lost: {story.saved} saves, all of them in Plex. "
                f"({time.monotonic() - started:.0f} s)",
                "green",
            )
            return 0
        late = ", ".join(video.title for video in story.missing())
        screen.say(f"NOT EVERYTHING IS IN PLEX: {late or 'a hook or a request failed'}", "red")
        screen.say(world.background_log()[-2000:])
        return 1


def _tell(story: Story, screen: Screen) -> None:
    screen.say("Stash2Plex: what Stash says, Plex shows in the end.", "bold")
    screen.say(
        "A small Stash and Plex run on this machine. Each row is one save in Stash: it waits"
    )
    screen.say("for the hook only, and then Plex shows the scene. Right: requests made to Plex.\n")
    story.plex_is_there()
    screen.say("  (with summary, rating, actors, genres, collection; POST is the poster)\n", "dim")
    screen.say("Now Plex goes away, and editing goes on.", "yellow")
    story.plex_goes_away()
    there, away = story.hook_times()
    left = len(story.missing())
    screen.say(
        f"A save waited {there} with Plex, {away} without; {left} edits wait in the queue.\n"
    )
    screen.say("Plex is back. Nobody presses anything.", "yellow")
    story.plex_comes_back()
    screen.say()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
