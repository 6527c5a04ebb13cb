"""A library in which everything has happened that hooks do not tell of, and what Plex must show."""

from typing import Any

from tests.worker.stage import Stage

KINDS = (
    "in step", "empty", "changed", "other words", "missing", "scanned late", "renamed", "merged",
    "made anew", "undescribed",
)  # fmt: skip
SYNCED = {"in step", "changed", "renamed", "merged", "made anew"}

Shown = dict[str, Any]


class MixedLibrary:
    """*size* scenes, the same number of each kind; and a tenth as many items that are no scene's.

    Attributes:
        scenes: by kind, the ids.
        strangers: rating keys of items that are no scene's.
    """

    def __init__(self, stage: Stage, size: int) -> None:
        self.stage = stage
        self.world = stage.world
        self.numbers = {kind: range(place, size, 10) for place, kind in enumerate(KINDS)}
        self.scenes: dict[str, list[int]] = {kind: [] for kind in KINDS}
        self.strangers: list[int] = []
        self._merged_away: list[int] = []

    def build(self) -> None:
        """Let it have its past; no hook tells of what happened last."""
        for kind in KINDS:
            if kind in SYNCED:
                self.scenes[kind] = [self._add(kind, n) for n in self.numbers[kind]]
        for n in self.numbers["merged"]:
            self._merged_away.append(self._add("source", n))
        self.stage.clock.move(10)
        self.stage.sync()
        late = [self._add("scanned late", n, in_plex=False) for n in self.numbers["scanned late"]]
        self.scenes["scanned late"] = late
        self.stage.enqueue(*late)
        self.stage.drain_until_idle()
        assert self.stage.parked() == late
        self._happen()
        self.stage.clock.move(10)

    def scan_the_missing(self) -> None:
        """Let Plex find the files that it did not have."""
        for n in self.numbers["missing"]:
            self.world.plex.add_item(f"/data/missing/{n}.mp4", 1000, self.world.section)

    def shown(self) -> dict[str, Shown]:
        """What Plex shows, by the path of the item's first file."""
        fields = ("title", "studio", "summary", "date", "cast", "genres", "collections")
        found = {}
        for item in self.world.plex.items():
            shown = self.world.plex.shown(item.key)
            shown["genres"].sort()
            found[item.parts[0].file] = {name: shown[name] for name in fields}
        return found

    def _add(self, kind: str, n: int, *, in_plex: bool = True, **facts: Any) -> int:
        described: dict[str, Any] = {
            "title": f"{kind} {n}",
            "studio": "Studio",
            "details": f"Words {n}.",
            "date": "2020-05-17",
            "performers": ["Old Name" if kind == "renamed" else "Ann"],
            "tags": ["all", f"{kind} tag"],
        }
        return self.world.add(f"{kind}/{n}", in_plex=in_plex, **{**described, **facts})

    def _happen(self) -> None:
        stash, plex = self.world.stash, self.world.plex
        for n, scene in zip(self.numbers["changed"], self.scenes["changed"], strict=True):
            stash.change_silently(scene, title=f"Changed {n}", details="", tags=["all", "fresh"])
        stash.rename_performer("Old Name", "New Name")
        self._merge()
        for scene in self.scenes["made anew"]:
            plex.recreate_item(self.world.key(scene))
        for n in self.numbers["scanned late"]:
            plex.add_item(f"/data/scanned late/{n}.mp4", 1000, self.world.section)
        for kind in ("empty", "other words"):
            self.scenes[kind] = [self._add(kind, n) for n in self.numbers[kind]]
        for scene in self.scenes["other words"]:
            old = {"studio": "Old Studio", "summary": "Old words.", "genre": ["old"]}
            plex.user_edits(self.world.key(scene), lock=False, **old)
        missing = self.numbers["missing"]
        self.scenes["missing"] = [self._add("missing", n, in_plex=False) for n in missing]
        nothing: dict[str, Any] = {
            "studio": None, "details": "", "date": None, "performers": [], "tags": [],
        }  # fmt: skip
        undescribed = self.numbers["undescribed"]
        self.scenes["undescribed"] = [self._add("undescribed", n, **nothing) for n in undescribed]
        for n in self.numbers["in step"]:
            self.strangers.append(plex.add_item(f"/data/stranger/{n}.mp4", 1, self.world.section))

    def _merge(self) -> None:
        stash = self.world.stash
        for n, kept, source in zip(
            self.numbers["merged"], self.scenes["merged"], self._merged_away, strict=True
        ):
            stash.library.remove(source)
            paths = (f"/data/merged/{n}.mp4", f"/data/source/{n}.mp4")
            stash.change_silently(kept, files=[{"path": path} for path in paths])
