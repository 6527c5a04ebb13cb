"""``/library/metadata/{ids}/…``: details, edits and pictures of named items."""

from collections.abc import Sequence

from tests.servers.plex import agent, edits, images
from tests.servers.plex.answers import Answer, Refusal, xml
from tests.servers.plex.images import ART, POSTER, ImageKind
from tests.servers.plex.item import Item
from tests.servers.plex.journal import Journal, Request
from tests.servers.plex.library import Library
from tests.servers.plex.rendering import Renderer, Slimming, container, slimming_of
from tests.servers.plex.switches import TagMode

_BY_PLURAL = {kind.plural: kind for kind in (POSTER, ART)}
_BY_ELEMENT = {kind.element: kind for kind in (POSTER, ART)}
_BY_LOCK = {kind.lock: kind for kind in (POSTER, ART)}


class Items:
    """Answers what is asked of items by their rating keys."""

    def __init__(self, library: Library, journal: Journal) -> None:
        self._library = library
        self._journal = journal
        self._renderer = Renderer(library)
        self.chokes: dict[int, int] = {}  # rating key -> the status of every write

    def answer(self, request: Request, ids: str, tail: str, body: bytes) -> Answer:
        """Return the answer for the items called *ids*."""
        if not tail:
            return self._whole(request, ids)
        targets = self.find(ids)
        if len(targets) != 1:
            raise Refusal(404)
        if request.method == "GET":
            return self._read(targets[0], tail, request)
        return self._change(targets[0], tail, request, body)

    def find(self, ids: str) -> list[Item]:
        """Return the items of a comma list, each once.

        Raises:
            Refusal: 400 if one is no number, 404 if one is not there.
        """
        keys = dict.fromkeys(ids.split(","))
        if not all(key.isdecimal() for key in keys):
            raise Refusal(400, "an id is not a number")
        if any(int(key) not in self._library.items for key in keys):
            raise Refusal(404, "no such item")
        return [self._library.items[int(key)] for key in keys]

    def edit(self, request: Request, targets: Sequence[Item], mode: TagMode) -> Answer:
        """Carry out one edit on all of *targets*, or on none."""
        self._may_write(request, targets)
        edit = edits.understand(request.query)
        self._blame_if_unread(request, targets)
        for item in targets:
            edits.apply(edit, item, self._library, mode)
        return Answer(changed=True)

    def refresh(self, item: Item) -> None:
        """Let the agent rewrite what is not locked."""
        agent.refresh(item, self._library)

    def rate(self, request: Request) -> Answer:
        """``PUT /:/rate``: the stars of the user; -1 takes them away."""
        item = self.find(request.args.get("key", ""))[0]
        self._may_write(request, [item])
        try:
            stars = float(request.args.get("rating", ""))
        except ValueError as error:
            raise Refusal(400, "the rating is not a number") from error
        self._blame_if_unread(request, [item])
        item.user_rating = None if stars < 0 else stars
        self._library.touch(item)
        return Answer(changed=True)

    def _whole(self, request: Request, ids: str) -> Answer:
        if request.method == "GET":
            return self._details(request, ids)
        if request.method == "PUT" and ids:
            switches = self._library.switches
            mode = switches.metadata_tag_mode or switches.tag_mode
            return self.edit(request, self.find(ids), mode)
        # Deleting media is off unless the owner allows it.
        raise Refusal(403 if request.method == "DELETE" else 404)

    def _details(self, request: Request, ids: str) -> Answer:
        keys = [int(key) for key in dict.fromkeys(ids.split(",")) if key.isdecimal()]
        found = [self._library.items[key] for key in keys if key in self._library.items]
        if not found:
            raise Refusal(404, "no such item")
        switches = self._library.switches
        slimming = Slimming() if switches.ignores_slimming else slimming_of(request)
        sections = {item.section for item in found}
        one_section = next(iter(sections)) if len(sections) == 1 else None
        text = container(
            [self._renderer.detail(item, slimming) for item in found],
            allowSync=1,
            identifier="com.plexapp.plugins.library",
            librarySectionID=one_section,
        )
        answer = xml(text)
        if slimming.wants_element("Media"):
            answer.shows_files_of = [(item, item.files_version) for item in found]
        return answer

    def _read(self, item: Item, tail: str, request: Request) -> Answer:
        if tail in _BY_PLURAL:
            return xml(images.listing(item, _BY_PLURAL[tail]))
        if tail == "file":
            return Answer(
                body=images.content_of(item, request.args.get("url", "")),
                content_type="image/jpeg",
            )
        kind = _BY_LOCK.get(tail.partition("/")[0])
        digest = getattr(item, kind.selected) if kind else None
        if kind is None or digest is None:
            raise Refusal(404)
        return Answer(body=getattr(item, kind.stored)[digest], content_type="image/jpeg")

    def _change(self, item: Item, tail: str, request: Request, body: bytes) -> Answer:
        self._may_write(request, [item])
        how = (request.method, tail)
        if how == ("PUT", "refresh"):
            self.refresh(item)
            return Answer(changed=True)
        before = item.state()
        if request.method == "POST" and tail in _BY_PLURAL:
            answer = self._upload(item, _BY_PLURAL[tail], request, body)
        elif request.method == "PUT" and tail in _BY_ELEMENT:
            url = request.args.get("url", "")
            images.select(item, _BY_ELEMENT[tail], url)
            # Real servers answer with something that is no XML (plexapi, BaseResource.select).
            answer = Answer(body=url.encode(), content_type="text/plain", changed=True)
        elif request.method == "DELETE" and tail in _BY_LOCK:
            images.unset(item, _BY_LOCK[tail])
            answer = Answer(changed=True)
        else:
            raise Refusal(404)
        self._blame_if_unread(request, [item])
        if self._library.switches.bump_updated_at == "always" or item.state() != before:
            self._library.touch(item)
        return answer

    def _upload(self, item: Item, kind: ImageKind, request: Request, body: bytes) -> Answer:
        content = body
        if not content and "url" in request.args:
            content = images.download(request.args["url"])
        if not content:
            raise Refusal(400, "an upload of nothing")
        if len(content) > self._library.switches.max_upload:
            raise Refusal(500, "more than 10 MB")
        if not images.is_image(content):
            self._journal.blame(request, f"these bytes are no picture: {content[:12]!r}")
        images.upload(item, kind, content)
        return Answer(changed=True, withheld=self._library.switches.slow_uploads)

    def _may_write(self, request: Request, targets: Sequence[Item]) -> None:
        for item in targets:
            if item.key in self.chokes:
                raise Refusal(self.chokes[item.key])

    def _blame_if_unread(self, request: Request, targets: Sequence[Item]) -> None:
        for item in targets:
            if item.files_served != item.files_version:
                self._journal.blame(
                    request, f"writes to {item.key}, whose files nobody has read since they changed"
                )
