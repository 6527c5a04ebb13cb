"""Process the queue from a terminal or from cron: the drain of the task Process Queue.

Without Stash's task runner, which runs one task at a time and lets scans wait behind it.
Secrets come from the environment only, because command lines can be read by others.
"""

import argparse
import io
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from domain.clock import SystemClock
from domain.errors import BadSettings, Stash2PlexError, StashRefused, StashUnavailable

if TYPE_CHECKING:
    from worker.foreground import Ending

HELP = """
environment:
  STASH_URL      where Stash is, such as http://localhost:9999
  STASH_API_KEY  from Stash's Settings > Security, if it asks for a login
  PLEX_URL       instead of the plugin's setting plex_url
  PLEX_TOKEN     instead of the plugin's setting plex_token

exit code:
  0  nothing is due any more (with --stats: nothing is wrong)
  1  only you can help: the last line says how
  2  the arguments make no sense
  3  a server does not answer; what waits is safe
  4  scenes were given up (with --stats: there are dead letters)
  5  something is still due: another process drains, or you have interrupted this one
"""

WIDTH = 40  # of the bar, in characters

DONE, HELPLESS, USAGE, AWAY, GIVEN_UP, UNFINISHED = range(6)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a pipe of Windows takes few letters
    options = _parser().parse_args(arguments)
    folder = Path(options.data_dir).absolute()
    if not folder.is_dir():
        print(
            f"{folder} is no folder: --data-dir is 'stash2plex' beside Stash's config.yml",
            file=sys.stderr,
        )
        return USAGE
    os.umask(0o077)
    from worker.packages import add_packages

    try:
        add_packages(str(Path(__file__).absolute()), folder, _tell_waiting)
        return _show(folder, options) if options.stats else _process(folder, options)
    except StashRefused as error:
        print(f"{error}: check STASH_API_KEY", file=sys.stderr)
        return HELPLESS
    except StashUnavailable as error:
        print(error, file=sys.stderr)
        return AWAY
    except Stash2PlexError as error:
        print(error, file=sys.stderr)
        return HELPLESS


def _tell_waiting(line: str) -> None:
    """What is waited for; stdout belongs to the answer."""
    print(line, file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Bring to Plex what waits in Stash2Plex's queue.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    chosen = os.environ.get("STASH2PLEX_DATA_DIR")
    parser.add_argument(
        "--data-dir",
        default=chosen,
        required=not chosen,
        help="the plugin's data folder: stash2plex, beside Stash's config.yml",
    )
    parser.add_argument("--stats", action="store_true", help="show the queue's status, no more")
    parser.add_argument("--json", action="store_true", help="answer for programs")
    return parser


def _show(folder: Path, options: argparse.Namespace) -> int:
    """Show the status; no server is asked anything."""
    from worker.status import as_document, lines, read_status

    status = read_status(folder, SystemClock())
    if options.json:
        print(json.dumps(as_document(status)))
    else:
        print("\n".join(lines(status)))
    if status.helpless:
        return HELPLESS
    if status.breaker == "open":
        return AWAY
    return GIVEN_UP if status.queue.causes else DONE


def _process(folder: Path, options: argparse.Namespace) -> int:
    """Drain until nothing is due."""
    from stash.client import StashClient
    from stash.connection import Connection
    from sync_queue.manager import QueueManager
    from validation.config import load_config
    from worker.foreground import Foreground
    from worker.launch import something_is_due
    from worker.logs import log_to_terminal

    url, key = os.environ.get("STASH_URL", ""), os.environ.get("STASH_API_KEY", "").strip()
    if not url:
        raise BadSettings("STASH_URL is not set: the scenes are read from Stash")
    if not (key.isascii() and key.isprintable()):
        raise BadSettings("STASH_API_KEY is no key: copy it from Stash's Settings > Security")
    show = Bar() if sys.stderr.isatty() else NoBar()
    logs = log_to_terminal(key, level=show.log_level)
    stash = StashClient(Connection.from_url(url, key))
    manager = QueueManager(folder)
    interrupted = _Interrupted()
    endings: list[Ending] = []
    try:
        loaded = load_config({**stash.start().settings, **_overrides()})
        logs.follow(loaded.config)
        for warning in loaded.warnings:
            logging.getLogger("worker").warning("%s", warning)
        # An event that was recorded while we held the lock found us and started nobody.
        while not endings or (
            _has_drained(endings[-1])
            and interrupted.no()
            and something_is_due(folder, manager.clock)
        ):
            foreground = Foreground(loaded.config, stash, manager, show, go_on=interrupted.no)
            endings.append(foreground.process())
    finally:
        show.close()
        manager.close()
        stash.close()
    return _tell(endings, options)


def _has_drained(ending: "Ending") -> bool:
    """Whether it came to its natural end, and not without having done anything."""
    report = ending.report
    return report is not None and not report.stopped and report.processed > 0


def _overrides() -> dict[str, object]:
    names = {"plex_url": "PLEX_URL", "plex_token": "PLEX_TOKEN"}
    return {key: os.environ[name] for key, name in names.items() if os.environ.get(name)}


class _Interrupted:
    """Whether somebody pressed Ctrl-C: the job at work is finished first."""

    def __init__(self) -> None:
        self._is = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def no(self) -> bool:
        """Whether nobody did."""
        return not self._is

    def _note(self, *_: object) -> None:
        self._is = True


def _tell(endings: "Sequence[Ending]", options: argparse.Namespace) -> int:
    """Answer; the exit code. A later round may have had nothing to do."""
    last = endings[-1]
    reports = [ending.report for ending in endings if ending.report is not None]
    counts = {
        name: sum(getattr(report, name) for report in reports)
        for name in ("succeeded", "failed", "put_off")
    }
    if last.is_plex_away:
        code = AWAY
    elif last.left:
        code = UNFINISHED
    else:
        code = GIVEN_UP if counts["failed"] else DONE
    told = [ending.summary for ending in endings if ending.report is not None] or [last.summary]
    document = {"summary": "; ".join(told), "left": last.left, "exit_code": code}
    if options.json:
        print(json.dumps({**document, **(counts if reports else {})}))
    else:
        print(document["summary"])
    return code


class NoBar:
    """The log has how far it is."""

    log_level = logging.INFO

    def __call__(self, fraction: float) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Nothing to end."""


class Bar(NoBar):
    """A progress bar on a terminal, in one line; the log is only about trouble."""

    log_level = logging.WARNING

    def __init__(self) -> None:
        self._shown = ""

    def __call__(self, fraction: float) -> None:
        """Move it; from 0 to 1."""
        filled = round(fraction * WIDTH)
        bar = f"\r[{'#' * filled}{'.' * (WIDTH - filled)}] {fraction:4.0%}"
        if bar != self._shown:
            self._shown = bar
            print(bar, end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the line."""
        if self._shown:
            print(file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
