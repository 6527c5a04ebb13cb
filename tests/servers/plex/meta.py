"""The description of filters and sorts that plexapi asks for before it sends either."""

from collections.abc import Iterable

from tests.servers.plex.rendering import tag

_SORTS = ("titleSort", "originallyAvailableAt", "addedAt", "userRating", "duration")
_FIELDS = {
    "title": "string",
    "studio": "string",
    "userRating": "integer",
    "year": "integer",
    "genre": "tag",
    "actor": "tag",
    "collection": "tag",
    "label": "tag",
    "addedAt": "date",
    "duplicate": "boolean",
    "trash": "boolean",
}
_OPERATORS = {
    "string": ("=", "!=", "==", "!==", "<=", ">="),
    "integer": ("=", "!=", ">>=", "<<="),
    "date": ("<<=", ">>="),
    "tag": ("=", "!="),
    "boolean": ("=", "!="),
}


def meta(section: int, kind: str, number: int) -> str:
    """Return what can be filtered and sorted among items of *kind*, which the API calls *number*.

    ``updatedAt`` is missing here as it is on real servers, which accept it all the same.
    """
    head = tag(
        "Type",
        [
            ("key", f"/library/sections/{section}/all?type={number}"),
            ("type", kind),
            ("title", kind.capitalize()),
            ("active", 1),
        ],
        closed=False,
    )
    return f"<Meta>{head}{''.join(_type(section))}</Type>{''.join(_field_types())}</Meta>"


def _type(section: int) -> Iterable[str]:
    for name, kind in _FIELDS.items():
        if kind in ("tag", "boolean"):
            key = f"/library/sections/{section}/{name}"
            pairs = [("filter", name), ("filterType", kind), ("key", key), ("type", "filter")]
            yield tag("Filter", [*pairs, ("title", name.capitalize())])
    for name in _SORTS:
        pairs = [("defaultDirection", "asc"), ("descKey", f"{name}:desc"), ("key", name)]
        yield tag("Sort", [*pairs, ("title", name)])
    for name, kind in _FIELDS.items():
        yield tag("Field", [("key", name), ("title", name), ("type", kind)])


def _field_types() -> Iterable[str]:
    for kind, operators in _OPERATORS.items():
        rows = "".join(tag("Operator", [("key", o), ("title", o)]) for o in operators)
        yield f"{tag('FieldType', [('type', kind)], closed=False)}{rows}</FieldType>"
