"""What a task or the background logs: as the settings want it, and without a secret."""

import logging
from logging.handlers import BufferingHandler
from pathlib import Path
from typing import Any

import pytest

from tests.world import PLEX_TOKEN
from validation.config import load_config
from worker.logs import Logs, log_to_file, log_to_stash, record_incident

CONNECTION = {"SessionCookie": {"Value": "cookie-of-the-session"}}

log = logging.getLogger("worker.test")


@pytest.fixture
def to_file(loggers_as_before: None, tmp_path: Path) -> Logs:
    return log_to_file(tmp_path, CONNECTION)


def told(folder: Path) -> str:
    return (folder / "background.log").read_text("utf-8")


def follow(logs: Logs, **settings: Any) -> None:
    raw = {"plex_url": "http://127.0.0.1:1", "plex_token": PLEX_TOKEN, **settings}
    logs.follow(load_config(raw).config)


def test_the_token_and_the_cookie_are_blacked_out(to_file: Logs, tmp_path: Path) -> None:
    follow(to_file)

    log.info("with %s and %s", PLEX_TOKEN, "cookie-of-the-session")

    assert "with " in told(tmp_path)
    assert PLEX_TOKEN not in told(tmp_path)
    assert "cookie-of-the-session" not in told(tmp_path)


@pytest.mark.parametrize(("wanted", "lines"), [(False, 1), (True, 2)])
def test_details_are_logged_if_the_user_wants_them(
    to_file: Logs, tmp_path: Path, wanted: bool, lines: int
) -> None:
    follow(to_file, debug_logging=wanted)

    log.debug("a detail")
    log.info("an event")

    assert len(told(tmp_path).splitlines()) == lines


@pytest.mark.parametrize("hidden", [False, True])
def test_paths_are_hidden_if_the_user_wants_it(to_file: Logs, tmp_path: Path, hidden: bool) -> None:
    follow(to_file, obfuscate_paths=hidden)

    log.info("scene 1: /data/private/clip.mp4")

    assert ("private" in told(tmp_path)) is not hidden


def test_nothing_of_ours_reaches_the_handlers_of_others(to_file: Logs) -> None:
    theirs = BufferingHandler(capacity=100)
    logging.getLogger().addHandler(theirs)

    log.error("ours alone")

    logging.getLogger().removeHandler(theirs)
    assert theirs.buffer == []


def test_a_closed_log_writes_nothing_more(to_file: Logs, tmp_path: Path) -> None:
    log.info("before")
    to_file.close()

    log.info("after")

    assert "after" not in told(tmp_path)


@pytest.mark.parametrize(("wanted", "shown"), [(False, ""), (True, "\x01i\x02[DEBUG] a detail\n")])
def test_a_tasks_details_are_shown_by_stash_if_the_user_wants_them(
    loggers_as_before: None, capfd: pytest.CaptureFixture[str], wanted: bool, shown: str
) -> None:
    follow(log_to_stash(CONNECTION), debug_logging=wanted)

    log.debug("a detail")

    assert capfd.readouterr().err == shown


def test_a_bug_is_logged_with_its_place_and_without_its_text(to_file: Logs, tmp_path: Path) -> None:
    text = "what nobody should read"
    try:
        raise ZeroDivisionError(text)
    except ZeroDivisionError as error:
        incident = record_incident(error)

    assert f"incident {incident}: ZeroDivisionError" in told(tmp_path)
    assert "test_logs.py" in told(tmp_path)
    assert text not in told(tmp_path)
