"""Run a Python file as on another operating system.

Arguments: the system, what the file is to take for its interpreter, the file and its arguments.
"""

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.imitation.systems import become

system, sys.executable, script = sys.argv[1:4]
sys.argv = sys.argv[3:]
sys.path[0] = str(Path(script).resolve().parent)
become(system)
runpy.run_path(script, run_name="__main__")
