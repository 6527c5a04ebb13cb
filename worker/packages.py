"""The packages that a task and the background need; a hook needs none of them."""

import sys
from importlib import import_module
from pathlib import Path

from domain.errors import NotInstalled


def add_packages(script: str) -> None:
    """Make installed packages importable; Stash starts us without, because a hook needs none.

    Args:
        script: the plugin's entrypoint.

    Raises:
        NotInstalled: one of them is missing or too old.
    """
    if sys.flags.no_site:
        import site  # noqa: PLC0415 -- importing it without -S has that effect already

        site.main()
    try:
        import_module("worker.services")  # which imports all of them
    except (ImportError, SyntaxError) as error:
        wanted = Path(script).with_name("requirements.txt")
        raise NotInstalled(
            f"Stash2Plex lacks a Python package ({error.msg}): run "
            f"{sys.executable} -m pip install -r {wanted}; edits are recorded meanwhile"
        ) from error
