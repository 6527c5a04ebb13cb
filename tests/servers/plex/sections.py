"""``/library/sections/{id}/…``: listings, scans and the edit that needs its ids."""

from tests.servers.plex.answers import Answer, Refusal, xml
from tests.servers.plex.item import TAG_ELEMENTS, Item, Section
from tests.servers.plex.items import Items
from tests.servers.plex.journal import Journal, Request
from tests.servers.plex.library import Library
from tests.servers.plex.meta import meta
from tests.servers.plex.query import Queries
from tests.servers.plex.rendering import Renderer, Slimming, container, slimming_of, tag


class Sections:
    """Answers what is asked of one library section."""

    def __init__(self, library: Library, items: Items, journal: Journal) -> None:
        self._library = library
        self._items = items
        self._journal = journal
        self._queries = Queries(library)
        self._renderer = Renderer(library)
        self._table = {
            ("GET", "all"): self._list,
            ("PUT", "all"): self._edit,
            ("GET", "collections"): self._collections,
            ("GET", "refresh"): self._scan,
            ("POST", "refresh"): self._scan,
            ("DELETE", "refresh"): self._cancel_scan,
            ("PUT", "emptyTrash"): self._empty_trash,
        }

    def answer(self, request: Request, key: str, tail: str) -> Answer:
        """Return the answer for the section called *key*."""
        section = self._library.sections.get(int(key)) if key.isdecimal() else None
        if section is None:
            raise Refusal(404, "no such section")
        if request.method == "GET" and tail in TAG_ELEMENTS:
            return self._choices(section, tail)
        handle = self._table.get((request.method, tail))
        if handle is None:
            raise Refusal(404)
        return handle(section, request)

    def _list(self, section: Section, request: Request) -> Answer:
        page = self._queries.page(section.key, request)
        switches = self._library.switches
        slimming = Slimming() if switches.ignores_slimming else slimming_of(request)
        rows = [self._renderer.row(item, slimming) for item in page.rows]
        shows_files = slimming.wants_element("Media")
        described = request.args.get("includeMeta") == "1"
        text = container(
            [meta(section.key, "movie", 1), *rows] if described else rows,
            totalSize=page.total,
            offset=page.offset,
            allowSync=1,
            identifier="com.plexapp.plugins.library",
            librarySectionID=section.key,
            librarySectionTitle=section.title,
            viewGroup="movie",
        )
        headers = (
            ("X-Plex-Container-Start", str(page.offset)),
            ("X-Plex-Container-Total-Size", str(page.total)),
        )
        answer = xml(text, headers=headers)
        if shows_files:
            answer.shows_files_of = [(item, item.files_version) for item in page.rows]
        return answer

    def _edit(self, section: Section, request: Request) -> Answer:
        own_type = "1" if section.kind == "movie" else "4"
        ids = request.args.get("id", "").strip(",")
        # Without ids the edit reaches every item, as it would on a real server.
        targets = self._named(ids, section) if ids else self._all_of(section)
        if request.args.get("type", own_type) != own_type:
            if ids:
                raise Refusal(404, "no item of that type")
            targets = []
        return self._items.edit(request, targets, self._library.switches.tag_mode)

    def _all_of(self, section: Section) -> list[Item]:
        return [item for item in self._library.items.values() if item.section == section.key]

    def _named(self, ids: str, section: Section) -> list[Item]:
        targets = self._items.find(ids)
        if any(item.section != section.key for item in targets):
            raise Refusal(404, "no such item in this section")
        return targets

    def _collections(self, section: Section, request: Request) -> Answer:
        described = request.args.get("includeMeta") == "1"
        rows = [meta(section.key, "collection", 18)] if described else []
        return xml(container(rows, totalSize=0, offset=0, librarySectionID=section.key))

    def _choices(self, section: Section, kind: str) -> Answer:
        here = self._all_of(section)
        names = dict.fromkeys(name for item in here for name in item.tags[kind])
        rows = [
            tag("Directory", [("key", self._library.tag(kind, name).id), ("title", name)])
            for name in names
        ]
        return xml(container(rows))

    def _scan(self, section: Section, request: Request) -> Answer:
        if request.args.get("force") == "1":
            for item in self._all_of(section):
                self._items.refresh(item)
        self._library.ask_scan(section.key, request.args.get("path", ""))
        return Answer(changed=True)

    def _cancel_scan(self, section: Section, request: Request) -> Answer:
        self._library.cancel_scan(section.key)
        return Answer()

    def _empty_trash(self, section: Section, request: Request) -> Answer:
        for item in self._all_of(section):
            if item.deleted_at is not None:
                self._library.remove(item.key)
        return Answer(changed=True)
