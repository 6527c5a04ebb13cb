"""Process the queue from a terminal or from cron: the drain of the task Process Queue.

Without Stash's task runner, which runs one task at a time and lets scans wait behind it.
Secrets come from the environment only, because command lines can be read by others.
"""

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

DONE, HELPLESS, USAGE, AWAY, GIVEN_UP, UNFINISHED = range(6)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    options = _parser().parse_args(arguments)
    folder = Path(options.data_dir).absolute()
    if not folder.is_dir():
        print(f"{folder} is no folder: --data-dir is 'stash2plex' beside Stash's config.yml")
        return USAGE
    os.umask(0o077)
    from worker.packages import add_packages

    try:
        add_packages(str(Path(__file__).absolute()))
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

    url, key = os.environ.get("STASH_URL", ""), os.environ.get("STASH_API_KEY", "")
    if not url:
        raise BadSettings("STASH_URL is not set: the scenes are read from Stash")
    on_terminal = sys.stderr.isatty()
    logs = log_to_terminal(key, level=logging.WARNING if on_terminal else logging.INFO)
    stash = StashClient(Connection.from_url(url, key))
    manager = QueueManager(folder)
    interrupted = _Interrupted()
    try:
        loaded = load_config({**stash.start().settings, **_overrides()})
        logs.follow(loaded.config)
        while True:
            foreground = Foreground(
                loaded.config,
                stash,
                manager,
                _bar if on_terminal else _no_bar,
                go_on=interrupted.no,
            )
            ending = foreground.process()
            # An event that was recorded while we held the lock found us and started nobody.
            if ending.report is None or not interrupted.no() or ending.left:
                break
            if not something_is_due(folder, manager.clock):
                break
    finally:
        manager.close()
        stash.close()
    return _tell(ending, options)


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


def _tell(ending: "Ending", options: argparse.Namespace) -> int:
    report = ending.report
    if ending.is_plex_away:
        code = AWAY
    elif ending.left:
        code = UNFINISHED
    else:
        code = GIVEN_UP if report is not None and report.failed else DONE
    document: dict[str, Any] = {"summary": ending.summary, "left": ending.left, "exit_code": code}
    if report is not None:
        document |= {
            "succeeded": report.succeeded, "failed": report.failed, "put_off": report.put_off,
        }  # fmt: skip
    print(json.dumps(document) if options.json else ending.summary)
    return code


def _bar(fraction: float) -> None:
    filled = round(fraction * 40)
    end = "\n" if fraction >= 1 else ""
    print(f"\r[{'#' * filled}{'.' * (40 - filled)}] {fraction:4.0%}", end=end, file=sys.stderr)


def _no_bar(_fraction: float) -> None:
    """The log has it."""


if __name__ == "__main__":
    sys.exit(main())
