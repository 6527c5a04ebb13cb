"""Check Setup: walks the whole way from Stash to Plex, says what is wrong, and changes nothing."""

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from doctor import home, servers
from doctor.finding import Finding
from doctor.inventory import Inventory
from domain.errors import BadSettings, Stash2PlexError
from stash.client import StashClient
from stash.scrubber import Scrubber
from sync_queue.manager import QueueManager
from validation.config import LoadedConfig, Stash2PlexConfig, load_config
from worker.libraries import named
from worker.services import plex_client

log = logging.getLogger(__name__)

WELL = "all is well"


def check_setup(
    stash: StashClient | None,
    config: Stash2PlexConfig | None,
    manager: QueueManager,
    on_progress: Callable[[float], None] = lambda _: None,
) -> dict[str, Any]:
    """Look at every link of the chain; the details are in the log.

    Args:
        config: None if the settings are not filled in, which is one of the findings.

    Returns:
        ``summary``, one sentence, and ``findings`` for programs.
    """
    if stash is None:
        raise RuntimeError("a task ran before initialize()")
    log.info("=== Check Setup ===")
    # Without settings nobody knows whether paths may be shown.
    hides_paths = config is None or config.obfuscate_paths
    findings: list[Finding] = []
    for finding in _look(stash, manager, on_progress, hides_paths=hides_paths):
        log.log(logging.INFO if finding.is_well else logging.WARNING, "%s", finding)
        findings.append(finding)
    on_progress(1.0)
    wrong = sum(not finding.is_well for finding in findings)
    summary = f"{wrong} to be mended" if wrong else WELL
    log.info("Check Setup: %s", summary)
    scrub = Scrubber(obfuscate_paths=hides_paths).text
    texts = [{name: scrub(text) for name, text in asdict(one).items()} for one in findings]
    return {"summary": summary, "findings": texts}


def _look(
    stash: StashClient,
    manager: QueueManager,
    on_progress: Callable[[float], None],
    *,
    hides_paths: bool,
) -> Iterator[Finding]:
    """From near to far; what lies behind a broken link is not looked at."""
    yield from home.look_around(manager, hides_paths=hides_paths)
    try:
        server = stash.start()
    except Stash2PlexError as error:
        yield Finding("Stash: does not answer as it should", str(error))
        return
    yield Finding(f"Stash: {server.version or 'a build without a version'} answers")
    yield from home.compare_clocks(server, manager.clock.now())
    try:
        loaded = load_config(server.settings)
    except BadSettings as error:
        yield Finding("Settings: not usable yet", str(error))
        return
    yield from home.look_at_settings(loaded)
    try:
        yield from _look_at_plex(stash, loaded, manager, on_progress)
    except Stash2PlexError as error:
        yield Finding("Check Setup could not look at everything", str(error))
    except OSError as error:
        why = error.strerror or type(error).__name__
        yield Finding(f"Check Setup needs a folder for temporary files ({why})", "make room there")


def _look_at_plex(
    stash: StashClient,
    loaded: LoadedConfig,
    manager: QueueManager,
    on_progress: Callable[[float], None],
) -> Iterator[Finding]:
    config = loaded.config
    with closing(plex_client(config, manager.folder)) as plex:
        libraries = yield from servers.reach_plex(plex, config)
        if libraries is None:
            return
        yield from servers.look_at_libraries(libraries, config)
        if chosen := named(libraries, config.plex_library):
            inventory = Inventory(stash, config, manager, plex, chosen)
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                yield from inventory.look(Path(folder), on_progress)
