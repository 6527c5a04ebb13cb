"""Run in the plugin's folder, by any Python: which packages would a task use?"""

import json
import sys
from pathlib import Path

from worker.packages import add_packages
from worker.requirements import MODULES, read_requirements, shortcomings

script = str(Path(__file__).with_name("Stash2Plex.py"))
told: list[str] = []
wrong: list[str] = []
error = None
if not sys.flags.no_site:
    wrong = shortcomings(read_requirements(Path(script).with_name("requirements.txt")))
try:
    add_packages(script, sys.argv[1], told.append)
except Exception as failed:  # noqa: BLE001 -- told, with its class
    error = f"{type(failed).__name__}: {failed}"
homes = {
    name: str(Path(next(iter(sys.modules[name].__path__))).parent)
    for name in MODULES.values()
    if name in sys.modules
}
print(json.dumps({"wrong": wrong, "told": told, "error": error, "homes": homes, "path": sys.path}))
