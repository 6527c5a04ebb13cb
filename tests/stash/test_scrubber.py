"""What must not stand in a log, and what may."""

import logging
from pathlib import Path

import pytest

from stash.scrubber import Scrubber, ScrubbingFormatter, code_for

CODE = code_for("film.mp4")

PATHS = [
    "/data/film.mp4",
    "/data/My Videos/It's (2024) [1080p]/film.mp4",
    "/data/v1.0 St.John/film.mp4",
    r"C:\Videos\My films\film.mp4",
    "C:/Videos/film.mp4",
    r"\\nas\share\film.mp4",
    "/film.mp4",
    "film.mp4",
]


def said(scrubber: Scrubber, message: str, *args: object) -> str:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, message, args, None)
    return ScrubbingFormatter(scrubber).format(record)


def test_a_secret_is_blacked_out_from_when_it_is_known() -> None:
    scrubber = Scrubber()
    assert "s3cret|x=" in said(scrubber, "token s3cret|x=")

    scrubber.register("s3cret|x=")
    scrubber.register("another", "s3cret|x=, and more")

    assert said(scrubber, "s3cret|x=, and more; %s %s", "s3cret|x=", "another") == "***; *** ***"


def test_a_secret_within_a_url_is_blacked_out() -> None:
    scrubber = Scrubber()
    scrubber.register("s3cret|x=")

    assert said(scrubber, "GET http://stash/?key=s3cret%%7Cx%%3D") != ""
    assert scrubber.text("GET http://stash/?key=s3cret%7Cx%3D") == "GET http://stash/?key=***"


@pytest.mark.parametrize("nothing", ["", "a", "abc"])
def test_what_is_too_short_for_a_secret_blacks_nothing_out(nothing: str) -> None:
    scrubber = Scrubber()
    scrubber.register(nothing)

    assert scrubber.text("a b c abc") == "a b c abc"


@pytest.mark.parametrize(
    "text",
    [
        "http://plex/library?X-Plex-Token=unknown&a=1",
        "{'X-Plex-Token': 'unknown'}",
        "http://stash/scene/1/stream?apikey=unknown",
        "ApiKey: unknown",
        "Cookie: session=unknown",
    ],
)
def test_credentials_are_known_by_their_names_too(text: str) -> None:
    assert "unknown" not in Scrubber().text(text)


def test_the_word_session_is_no_credential() -> None:
    text = "Stash refused the session: it answered 401"

    assert Scrubber().text(text) == text


def test_pictures_as_text_are_shortened() -> None:
    assert Scrubber().text(f"cover data:image/jpeg;base64,{'Qk0/+' * 9000}== set") == (
        "cover data:image/jpeg;base64,*** set"
    )


@pytest.mark.parametrize("path", PATHS)
def test_paths_are_shown_unless_the_user_objects(path: str) -> None:
    assert said(Scrubber(), "scene 42: %s is not in Plex", path).count(path) == 1


@pytest.mark.parametrize("path", PATHS)
def test_a_path_as_argument_becomes_the_code_of_its_file_name(path: str) -> None:
    text = said(Scrubber(obfuscate_paths=True), "scene 42: %s is not in Plex", path)

    assert text == f"scene 42: {CODE} is not in Plex"


@pytest.mark.parametrize("path", PATHS)
def test_nothing_of_a_path_within_a_text_is_left(path: str) -> None:
    text = said(Scrubber(obfuscate_paths=True), f"scene 42: no such file: '{path}'")

    assert text.startswith("scene 42: no such file: '<")
    assert not any(part in text for part in ("film.mp4", "data", "Videos", "John", "nas", "2024"))


def test_folders_and_named_arguments_become_codes() -> None:
    scrubber = Scrubber(obfuscate_paths=True)

    assert said(scrubber, "%s", Path("/data/My Videos")) == code_for("My Videos")
    assert said(scrubber, "%s", "/data/My Videos/") == code_for("My Videos")
    assert said(scrubber, "%(a)s", {"a": "/x/film.mp4"}) == CODE


@pytest.mark.parametrize(
    "text",
    [
        "scene 42: synced title, tags in 0.25 s",
        "drained 100/250 scenes",
        "no answer from Stash at http://127.0.0.1:9999 (ConnectionError)",
        "Stash v0.30.1, and/or Plex 1.40.2",
    ],
)
def test_what_is_no_path_stays(text: str) -> None:
    assert Scrubber(obfuscate_paths=True).text(text) == text


def test_the_record_itself_is_left_alone() -> None:
    record = logging.LogRecord("x", 20, __file__, 1, "%s", ("/data/film.mp4",), None)

    ScrubbingFormatter(Scrubber(obfuscate_paths=True)).format(record)

    assert record.getMessage() == "/data/film.mp4"
