"""Lines as Stash's log reader takes them, and our own log file."""

import io
import logging
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import Stash2Plex
from stash.log import MAX_LINE, StashHandler, background_handler
from stash.scrubber import Scrubber

Attach = Callable[[logging.Handler], logging.Logger]


@pytest.fixture
def attach() -> Iterator[Attach]:
    """Give a logger with one handler, which is closed afterwards."""
    handlers: list[logging.Handler] = []

    def attach(handler: logging.Handler) -> logging.Logger:
        logger = logging.Logger("test", level=1)
        logger.addHandler(handler)
        handlers.append(handler)
        return logger

    yield attach
    for handler in handlers:
        handler.close()


@pytest.fixture
def out() -> io.BytesIO:
    return io.BytesIO()


@pytest.fixture
def log(out: io.BytesIO, attach: Attach) -> logging.Logger:
    return attach(StashHandler(Scrubber(), stream=out))


@pytest.mark.parametrize(
    ("level", "letter"),
    [(5, "t"), (10, "d"), (20, "i"), (30, "w"), (40, "e"), (50, "e")],
)
def test_each_level_has_its_letter(
    log: logging.Logger, out: io.BytesIO, level: int, letter: str
) -> None:
    log.log(level, "scene %d: synced", 42)

    assert out.getvalue() == f"\x01{letter}\x02scene 42: synced\n".encode()


def test_each_line_of_a_record_has_its_mark(log: logging.Logger, out: io.BytesIO) -> None:
    log.warning("one\r\ntwo\n\n  \nthree\n")

    assert out.getvalue() == b"\x01w\x02one\n\x01w\x02two\n\x01w\x02three\n"


def test_a_traceback_has_marks_too(log: logging.Logger, out: io.BytesIO) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("it failed")

    lines = out.getvalue().splitlines()
    assert all(line.startswith(b"\x01e\x02") for line in lines)
    assert lines[-1].endswith(b"ValueError: broken")


def test_with_debug_logging_debug_is_shown_as_info(out: io.BytesIO, attach: Attach) -> None:
    log = attach(StashHandler(Scrubber(), stream=out, debug=True))

    log.debug("one\ntwo")
    log.info("three")

    assert out.getvalue() == b"\x01i\x02[DEBUG] one\n\x01i\x02[DEBUG] two\n\x01i\x02three\n"


@pytest.mark.parametrize("letter", ["x", "é", "日", "😀"])
def test_a_long_line_is_cut_between_characters(
    log: logging.Logger, out: io.BytesIO, letter: str
) -> None:
    log.info("a" + letter * 70_000)

    line = out.getvalue()
    assert MAX_LINE - 8 < len(line) <= MAX_LINE
    assert line.decode().rstrip("\n").endswith(letter + "…")


def test_a_name_that_is_no_unicode_costs_a_character_only(
    log: logging.Logger, out: io.BytesIO
) -> None:
    log.info("file \udc80.mp4")

    assert out.getvalue() == b"\x01i\x02file ?.mp4\n"


def test_arguments_that_do_not_fit_do_not_raise(log: logging.Logger, out: io.BytesIO) -> None:
    log.info("scene %d", "forty-two")

    assert b"scene %d" in out.getvalue()
    assert b"forty-two" in out.getvalue()


def test_text_streams_are_written_too(attach: Attach) -> None:
    text = io.StringIO()

    attach(StashHandler(Scrubber(), stream=text)).info("ok")

    assert text.getvalue() == "\x01i\x02ok\n"


def test_stderr_is_the_default(capfd: pytest.CaptureFixture[str], attach: Attach) -> None:
    attach(StashHandler(Scrubber())).info("ok")

    assert capfd.readouterr() == ("", "\x01i\x02ok\n")


def test_a_reader_that_is_gone_stops_nothing(attach: Attach) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    closed = io.BytesIO()
    closed.close()
    broken = os.fdopen(writing, "wb", buffering=0)

    attach(StashHandler(Scrubber(), stream=broken)).info("nobody hears this")
    attach(StashHandler(Scrubber(), stream=closed)).info("nor this")

    broken.close()


def test_without_a_stderr_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, attach: Attach
) -> None:
    monkeypatch.setattr(sys, "stderr", None)

    attach(StashHandler(Scrubber())).info("nobody hears this")


@pytest.mark.parametrize(
    ("fraction", "said"),
    [(0, "0.0000"), (0.25, "0.2500"), (1, "1.0000"), (-1, "0.0000"), (100, "1.0000")],
)
def test_progress_is_a_fraction_that_never_leaves_the_bar(
    capfd: pytest.CaptureFixture[str], fraction: float, said: str
) -> None:
    Stash2Plex.log_progress(fraction)

    assert capfd.readouterr() == ("", f"\x01p\x02{said}\n")


def test_secrets_and_paths_do_not_reach_stash(out: io.BytesIO, attach: Attach) -> None:
    scrubber = Scrubber(obfuscate_paths=True)
    log = attach(StashHandler(scrubber, stream=out))
    scrubber.register("abcdefghijk")

    try:
        raise ValueError("token abcdefghijk for /data/My films/A film.mp4")
    except ValueError:
        log.exception("%s: %s", Path("/data/My films/A film.mp4"), "abcdefghijk")

    said = out.getvalue()
    assert not any(each in said for each in (b"abcdefghijk", b"/data", b"A film"))


def is_private(file: Path) -> bool:
    return os.name == "nt" or stat.S_IMODE(file.stat().st_mode) == 0o600  # Windows has no modes


def test_our_own_log_is_private_dated_and_scrubbed(tmp_path: Path, attach: Attach) -> None:
    scrubber = Scrubber()
    scrubber.register("abcdefghijk")

    attach(background_handler(tmp_path / "background.log", scrubber)).info("t abcdefghijk \udc80")

    assert is_private(tmp_path / "background.log")
    text = (tmp_path / "background.log").read_text()
    assert text.endswith("INFO t *** ?\n")
    assert text[:2] == "20"


def test_our_own_log_takes_two_files_of_1_mb(tmp_path: Path, attach: Attach) -> None:
    log = attach(background_handler(tmp_path / "background.log", Scrubber()))

    for _ in range(40):
        log.info("x" * 100_000)

    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["background.log", "background.log.1"]
    assert all(file.stat().st_size <= 1_000_000 for file in files)
    assert all(map(is_private, files))


def test_whoever_holds_our_log_open_goes_on_writing_into_the_newer_file(
    tmp_path: Path, attach: Attach
) -> None:
    """The background's own stderr does; and Windows would not rename it."""
    log = attach(background_handler(tmp_path / "background.log", Scrubber()))
    with (tmp_path / "background.log").open("ab", buffering=0) as stderr:
        for _ in range(11):
            log.info("x" * 100_000)
        stderr.write(b"last words\n")

    assert (tmp_path / "background.log.1").stat().st_size > 900_000
    assert (tmp_path / "background.log").read_bytes().endswith(b"last words\n")


def test_a_log_that_cannot_be_written_stops_nothing(
    tmp_path: Path, attach: Attach, capfd: pytest.CaptureFixture[str]
) -> None:
    attach(background_handler(tmp_path / "no such folder" / "log", Scrubber())).info("lost")

    assert capfd.readouterr() == ("", "")
