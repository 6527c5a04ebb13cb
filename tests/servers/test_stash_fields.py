"""The values of a scene's fields: empty ones, sizes, URLs, dates."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.servers.stash import LoopbackStash, StashError
from tests.servers.stash.asking import ask, data


@pytest.fixture
def stash() -> Iterator[LoopbackStash]:
    with LoopbackStash() as server:
        yield server
        assert server.crashes == []


def test_an_empty_scene_has_empty_texts_and_null_elsewhere(stash: LoopbackStash) -> None:
    stash.add_scene(files=())

    scene = data(
        stash,
        "{findScene(id: 1) {id title code details director date rating100 studio {id} files {id}"
        " performers {id} tags {id} urls organized}}",
    )["findScene"]

    assert scene == {
        "id": "1", "title": "", "code": "", "details": "", "director": "", "date": None,
        "rating100": None, "studio": None, "files": [], "performers": [], "tags": [], "urls": [],
        "organized": False,
    }  # fmt: skip


def test_sizes_are_numbers_beyond_32_bits(stash: LoopbackStash) -> None:
    stash.add_scene(files=[{"path": "/data/Größe.mkv", "size": 5_000_000_000, "duration": 60.0}])

    answer = ask(stash, "{findScene(id: 1) {files {path basename size duration}}}")

    assert answer.json()["data"]["findScene"]["files"] == [
        {"path": "/data/Größe.mkv", "basename": "Größe.mkv", "size": 5_000_000_000, "duration": 60}
    ]
    assert '"duration":60}' in answer.text


def test_urls_are_built_from_the_host_that_was_asked(stash: LoopbackStash) -> None:
    stash.now = lambda: datetime(2024, 6, 1, tzinfo=UTC)
    stash.add_scene(performers=["Ann"])
    text = "{findScene(id: 1) {paths {screenshot} performers {image_path}}}"

    direct = data(stash, text)["findScene"]
    proxied = ask(
        stash, text, Host="stash.example:99", X_Forwarded_Proto="https", X_Forwarded_Prefix="/s/"
    ).json()["data"]["findScene"]
    stash.external_host = "https://outside.example"
    outside = data(stash, text)["findScene"]

    assert direct["paths"]["screenshot"] == f"{stash.url}/scene/1/screenshot?t=1717200000"
    assert direct["performers"][0]["image_path"] == (
        f"{stash.url}/performer/1/image?t=1717200000&default=true"
    )
    assert proxied["paths"]["screenshot"].startswith("https://stash.example:99/s/scene/1/")
    assert outside["paths"]["screenshot"].startswith("https://outside.example/scene/1/")


def test_the_stream_url_carries_the_key(stash: LoopbackStash) -> None:
    stash.add_scene()
    stash.auth = "key"

    answer = ask(stash, "{findScene(id: 1) {paths {stream}}}", ApiKey=stash.api_key)

    assert answer.json()["data"]["findScene"]["paths"]["stream"] == (
        f"{stash.url}/scene/1/stream?apikey={stash.api_key}"
    )


def test_partial_dates_exist_from_v030() -> None:
    with LoopbackStash(version="v0.30.0") as new:
        new.add_scene(date="2024-05")
        assert data(new, "{findScene(id: 1) {date}}") == {"findScene": {"date": "2024-05"}}

    with pytest.raises(StashError, match="failed to parse date"):
        LoopbackStash(version="v0.29.3").add_scene(date="2024")
