"""process_queue.py --stats: what View Queue Status says, for a terminal and for monitoring."""

import time

from tests.invocation.circumstances import record
from tests.invocation.queues import breaker_says, give_up_on
from tests.invocation.terminal import terminal
from tests.invocation.witness import rows
from tests.world import World

DONE, HELPLESS, AWAY, GIVEN_UP = 0, 1, 3, 4


def test_the_status_is_told_line_by_line_and_no_server_is_asked(world: World) -> None:
    record(world, *(world.add(name) for name in "abc"))

    ended = terminal(world, "--stats", STASH_URL="")

    assert ended.code == DONE
    assert ended.out.splitlines()[:3] == ["=== Queue Status ===", "Pending: 3", "Due now: 3"]
    assert ended.log == ""
    assert (world.plex.requests, world.stash.requests) == ([], [])
    assert len(rows(world)) == 3


def test_the_status_for_programs_is_the_document_of_the_task(world: World) -> None:
    give_up_on(world, world.add("a"))

    ended = terminal(world, "--stats", "--json", STASH_URL="")

    assert ended.code == GIVEN_UP
    assert ended.document["failed"] == 1
    assert ended.document["newest_dead_letters"][0]["scene"] == 1
    assert ended.document.keys() == world.task("queue_status").output.keys()


def test_the_status_says_by_its_code_what_is_wrong(world: World) -> None:
    def code() -> int:
        return terminal(world, "--stats", "--json", STASH_URL="").code

    world.data_dir.mkdir()
    assert code() == DONE
    give_up_on(world, world.add("a"))
    assert code() == GIVEN_UP
    breaker_says(world, state="open", failure_count=5, opened_at=time.time())
    assert code() == AWAY
    (world.data_dir / "background.json").write_text('{"why": "Plex refused the token"}')
    assert code() == HELPLESS


def test_a_pipe_that_takes_few_letters_gets_the_status_all_the_same(world: World) -> None:
    """As pipes of Windows do."""
    world.data_dir.mkdir()
    (world.data_dir / "background.json").write_text('{"why": "no library Ünïcode"}', "utf-8")

    ended = terminal(world, "--stats", STASH_URL="", PYTHONIOENCODING="ascii")

    assert ended.code == HELPLESS
    assert "no library \\xdcn\\xefcode" in ended.out


def test_the_status_of_a_damaged_queue_is_one_sentence_and_code_1(world: World) -> None:
    record(world, *(world.add(name) for name in "abc"))
    for file in (world.data_dir / "queue").iterdir():
        file.write_bytes(b"This is no database. " * 500)

    ended = terminal(world, "--stats", STASH_URL="")

    assert ended.code == HELPLESS
    assert ended.last_line.startswith("the queue's file is damaged")
