"""Takes the pictures of an actual Stash that the documents show.

    STASH_BIN=/path/to/stash python -m tests.real.screenshots FOLDER

FOLDER is made for Stash's configuration; its name may stand in the pictures, as /config would in
a container.
"""

import base64
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.real.source import NAME, PackageManager, PackageSource
from tests.real.stash_server import RealStash
from tests.real.test_tasks import ALL
from tests.real.world import RealWorld
from tests.reconciliation.browser import Browser
from tests.release.checkout import Checkout
from tests.world import ROOT

TITLES = ("A Day at the Lake", "Harbour Lights", "Northern Road", "The Old Mill")

# What a reader would fill in, not what these servers use.
SHOWN = {"plex_url": "http://192.168.1.10:32400", "plex_token": "xxxxxxxxxxxxxxxxxxxx"}

PICTURES = ROOT / "docs" / "screenshots"
WIDTH, HEIGHT = 1200, 900  # pixels
HEADER, TASK_QUEUE, MARGIN = 70, 280, 3  # pixels: what stays on top, there, and below

# Stash greets a new user with its release notes; true once they are closed.
CLOSE_DIALOG = """(() => {
    const button = document.querySelector(".modal .btn-primary");
    if (button) button.click();
    return !document.querySelector(".modal, .modal-backdrop");
})()"""

# Where the first element that has a text begins, and the last one ends, from the top of the page.
EDGES = """(text => {
    const path = `//*[text()[contains(., "${text}")]]`;
    const found = document.evaluate(path, document.body, null, 7);
    const all = [...Array(found.snapshotLength).keys()].map(i => found.snapshotItem(i));
    const shown = all.map(one => one.getBoundingClientRect()).filter(box => box.height > 0);
    const first = shown[0], last = shown[shown.length - 1];
    return {top: first.top + scrollY, bottom: last.bottom + scrollY};
})"""

OPEN_SOURCE = """[...document.querySelectorAll("tr")]
    .find(row => row.innerText.includes("%s") && row.querySelector(".fa-chevron-right"))
    .querySelector("button").click()"""


def main() -> int:
    """Take all pictures."""
    binary, folder = Path(os.environ["STASH_BIN"]), Path(sys.argv[1])
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        checkout = Checkout(scratch / "checkout")
        checkout.release()
        source = stack.enter_context(PackageSource(checkout.dist))
        world = stack.enter_context(RealWorld(RealStash(binary, folder, has_plugin=False)))
        add_scenes(world)
        PackageManager(world.stash, source.url).install()
        browser = stack.enter_context(Browser(scratch / "browser"))
        PICTURES.mkdir(exist_ok=True)
        take_all(world, browser)
    return 0


def add_scenes(world: RealWorld) -> None:
    """A small library."""
    studio = world.create("studio", name="Studio One")
    for number, title in enumerate(TITLES):
        world.add(f"clip-{number}", title=title, details="d", studio_id=str(studio), rating100=80)


def take_all(world: RealWorld, browser: Browser) -> None:
    """The pages in the order in which a new user meets them."""
    visit(world, browser, "plugins", NAME)
    browser.look(OPEN_SOURCE % NAME)
    browser.until("document.body.innerText.split('Makes every metadata change').length > 2")
    take(browser, "install", "Installed Plugins", "Makes every metadata change")
    world.stash.configure(**SHOWN)
    visit(world, browser, "plugins", "Plex address")
    take(browser, "settings", "Attempts per scene", "Seconds to wait for an answer")
    world.configure()
    visit(world, browser, "tasks", ALL)
    take(browser, "tasks", "Plugin Tasks", "Bring back what the latest", header=TASK_QUEUE)
    world.stash.run_task(ALL)
    visit(world, browser, "logs", "Batch processing complete")
    take(browser, "log", "Task Queue", "scenes enqueued")


def visit(world: RealWorld, browser: Browser, tab: str, text: str) -> None:
    """Open a page of the settings and wait for a text on it."""
    browser.command("Page.navigate", url=f"{world.stash.url}/settings?tab={tab}")
    browser.until(f"document.body && document.body.innerText.includes({text!r})")
    browser.until(CLOSE_DIALOG)


def take(browser: Browser, name: str, first: str, last: str, *, header: int = HEADER) -> None:
    """Save the window as high and scrolled so that it shows two texts and all between them."""
    height, top = HEIGHT, 0
    for _ in range(2):  # lines break elsewhere once what is beside them has room
        show(browser, height)
        top = max(0, browser.look(f"{EDGES}({first!r})")["top"] - header)
        height = round(browser.look(f"{EDGES}({last!r})")["bottom"] - top) + MARGIN
    show(browser, height)
    browser.look(f"window.scrollTo(0, {top})")
    picture = browser.command("Page.captureScreenshot", format="png")
    (PICTURES / f"{name}.png").write_bytes(base64.b64decode(picture["data"]))


def show(browser: Browser, height: int) -> None:
    """Make the window so high."""
    browser.command("Emulation.setScrollbarsHidden", hidden=True)
    browser.command(
        "Emulation.setDeviceMetricsOverride",
        width=WIDTH,
        height=height,
        deviceScaleFactor=1,
        mobile=False,
    )


if __name__ == "__main__":
    sys.exit(main())
