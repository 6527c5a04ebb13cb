"""plexapi, imported without the file and the environment that it would obey.

It reads ~/.config/plexapi/config.ini and every PLEXAPI_ variable (plexapi/config.py). A damaged
file stops the import, ``log.show_secrets`` puts the token into each URL.
"""

import os

for _name in [name for name in os.environ if name.startswith("PLEXAPI_")]:
    del os.environ[_name]
os.environ["PLEXAPI_CONFIG_PATH"] = os.devnull

from plexapi import BASE_HEADERS  # noqa: E402
from plexapi.server import PlexServer  # noqa: E402

__all__ = ["BASE_HEADERS", "PlexServer"]
