"""Where process_queue.py finds Stash and Plex, and how it is let in."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.invocation.circumstances import record
from tests.invocation.terminal import terminal
from tests.invocation.witness import rows
from tests.world import API_KEY, PLEX_TOKEN, World

DONE, HELPLESS, AWAY = 0, 1, 3


@pytest.fixture
def scene(world: World) -> int:
    """One that a hook has recorded."""
    scene = world.add("a", title="A")
    world.data_dir.mkdir(mode=0o700)
    record(world, scene)
    return scene


def assert_nothing_happened(world: World) -> None:
    assert len(rows(world)) == 1
    assert rows(world, "retry", "id") == []
    assert world.plex.count("PUT") == 0


def test_plex_may_be_named_by_the_environment_instead_of_the_settings(
    world: World, scene: int
) -> None:
    """Stash reaches it by another name than this machine does."""
    world.stash.settings.update(plex_url="http://plex.invalid:1", plex_token="wrong-token-0815")

    ended = terminal(world, PLEX_URL=world.plex.url, PLEX_TOKEN=PLEX_TOKEN)

    assert ended.code == DONE
    assert world.shown(scene)["title"] == "A"


def test_a_plugin_without_settings_can_be_given_them_by_the_environment(
    world: World, scene: int
) -> None:
    world.stash.settings = {}

    assert terminal(world, PLEX_URL=world.plex.url, PLEX_TOKEN=PLEX_TOKEN).code == DONE
    assert world.shown(scene)["title"] == "A"


def test_variables_that_are_empty_override_nothing(world: World, scene: int) -> None:
    assert terminal(world, PLEX_URL="", PLEX_TOKEN="", STASH_API_KEY="").code == DONE
    assert world.shown(scene)["title"] == "A"


def test_an_address_of_plex_that_is_none_is_refused_in_one_line(world: World, scene: int) -> None:
    ended = terminal(world, PLEX_URL="localhost:32400")

    assert ended.code == HELPLESS
    assert "plex_url must begin with http:// or https://" in ended.last_line
    assert_nothing_happened(world)


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://stash", "http://a:b"])
def test_an_address_of_stash_that_is_none_is_refused_in_one_line(
    world: World, scene: int, url: str
) -> None:
    ended = terminal(world, STASH_URL=url)

    assert ended.code == HELPLESS
    assert ended.last_line.startswith("STASH_URL is ")
    assert_nothing_happened(world)


def test_a_stash_that_is_not_there_is_away(world: World, scene: int) -> None:
    ended = terminal(world, STASH_URL="http://stash.invalid:9999")

    assert ended.code == AWAY
    assert "no answer from Stash" in ended.last_line
    assert_nothing_happened(world)


@pytest.mark.parametrize("end", ["", "/"])
def test_a_stash_behind_a_path_of_a_proxy_is_found(world: World, scene: int, end: str) -> None:
    world.stash.edit(scene, cover=b"\xff\xd8\xff\xe0 a cover")  # which is fetched there too

    with behind_a_path(world, "/my/stash") as url:
        ended = terminal(world, STASH_URL=url + end)

    assert ended.code == DONE
    assert world.shown(scene)["title"] == "A"
    assert world.shown(scene)["poster"] is not None


def test_the_key_of_a_stash_that_asks_for_one_lets_it_in(world: World, scene: int) -> None:
    world.stash.auth = "key"

    assert terminal(world, STASH_API_KEY=API_KEY).code == DONE
    assert world.shown(scene)["title"] == "A"
    assert world.stash.requests[-1].headers["ApiKey"] == API_KEY


@pytest.mark.parametrize("key", ["", "a-key-that-is-wrong"])
def test_without_the_right_key_it_says_so_and_repeats_no_key(
    world: World, scene: int, key: str
) -> None:
    world.stash.auth = "key"

    ended = terminal(world, STASH_API_KEY=key)

    assert ended.code == HELPLESS
    assert ended.last_line.startswith("Stash refused the session: ")
    assert ended.last_line.endswith(": check STASH_API_KEY")
    assert not key or key not in ended.out + ended.log
    assert_nothing_happened(world)


@pytest.mark.parametrize("key", [f"{API_KEY}\n", f" {API_KEY}"])
def test_blanks_around_a_key_do_no_harm(world: World, scene: int, key: str) -> None:
    """A file of secrets often ends with a line end."""
    world.stash.auth = "key"

    assert terminal(world, STASH_API_KEY=key).code == DONE
    assert world.shown(scene)["title"] == "A"


def test_a_key_that_can_stand_in_no_header_is_refused_in_one_line(world: World, scene: int) -> None:
    ended = terminal(world, STASH_API_KEY="a-\u2603-key")

    assert ended.code == HELPLESS
    assert "STASH_API_KEY" in ended.last_line
    assert "\u2603" not in ended.log


def test_a_setting_that_cannot_be_used_is_named(world: World, scene: int) -> None:
    world.stash.settings["max_retries"] = 99

    ended = terminal(world)

    assert ended.code == DONE
    assert "setting max_retries: '99'" in ended.log


@contextmanager
def behind_a_path(world: World, prefix: str) -> Iterator[str]:
    """A proxy that shows Stash under a path and nothing anywhere else; its address."""

    class Proxy(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not self.path.startswith(prefix + "/"):
                self.send_error(404)
                return
            stash = http.client.HTTPConnection(world.stash.host, world.stash.port, timeout=30)
            path = self.path.removeprefix(prefix)
            stash.request(self.command, path, body, dict(self.headers))
            answer = stash.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name in ("Content-Type", "Content-Encoding", "ETag", "Date"):
                if value := answer.getheader(name):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            stash.close()

        do_GET = do_POST = pass_on

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{prefix}"
        finally:
            server.shutdown()
            thread.join()
