"""Plugins as they must not be: a storm has to find fault with each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests.invocation.circumstances import installed_copy


@dataclass(frozen=True, slots=True)
class Wrong:
    """A plugin with something else in one place.

    Attributes:
        module: where.
        right: what stands there, once.
        wrong: what stands there instead.
        fault: what the oracle must call it.
    """

    module: str
    right: str
    wrong: str
    fault: str

    def install(self, folder: Path) -> Path:
        """Install it; return its script."""
        script = installed_copy(folder)
        file = folder / self.module
        text = file.read_text()
        assert text.count(self.right) == 1, f"{self.module} has changed"
        file.write_text(text.replace(self.right, self.wrong))
        return script


WRONG: Mapping[str, Wrong] = MappingProxyType(
    {
        "what was claimed is forgotten in a death": Wrong(
            "sync_queue/orphans.py",
            "fetcher.resume_unack_tasks()",
            'queue.db.execute(f"DELETE FROM ack_queue_{name} WHERE status = 2")',
            "lost",
        ),
        "settling a job takes a later event with it": Wrong(
            "sync_queue/retry.py",
            'f"DELETE FROM ack_queue_{name} WHERE data = ? AND status = 2", (payload(key),)',
            'f"DELETE FROM ack_queue_{name} WHERE data = ?", (payload(key),)',
            "lost",
        ),
        "one death is enough": Wrong("sync_queue/orphans.py", "DEADLY = 3", "DEADLY = 0", "buried"),
        "a task drains beside the background": Wrong(
            "worker/foreground.py", "yield lock is not None", "yield True", "at once"
        ),
    }
)
