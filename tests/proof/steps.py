"""What can happen to the queue: how often, and with which arguments."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from tests.proof.sight import QUEUES

Step = tuple[str, tuple[Any, ...]]

SCENES = st.sampled_from((1, 1, 1, 2, 2, 3))
MEANWHILE = st.sampled_from((None, None, 1, 2))

# At which look at the clock the process is killed, if it looks so often.
DEATH = st.sampled_from((None, 1, 2))
RARE_DEATH = st.sampled_from((*[None] * 6, 1, 2))

ENDING = st.sampled_from(
    ("synced", "synced", "busy", "missed", "parked", "refused", "refused", "Stash away")
)
WAIT = st.sampled_from((0.0, 5.0, 60.0, 400.0, 5000.0, 9000.0))
TIME = st.sampled_from((1.0, 90.0, 400.0, 4000.0, 8000.0, -20.0, -4000.0, -86_400.0, -86_400.0))

STEPS: Mapping[str, tuple[int, tuple[st.SearchStrategy[Any], ...]]] = MappingProxyType(
    {
        "edit": (4, (SCENES,)),
        "put": (3, (st.lists(SCENES, min_size=1, max_size=3), st.sampled_from(QUEUES))),
        "spool": (3, (SCENES,)),
        "fetch": (5, (DEATH,)),
        "work": (10, (ENDING, WAIT, MEANWHILE, RARE_DEATH)),
        "put_back": (2, (st.booleans(),)),
        "weather": (2, (st.booleans(), st.sampled_from((0, 0, 1, 2, 5, 5)))),
        "die": (2, (st.booleans(),)),
        "end": (3, (SCENES,)),
        "reopen": (1, ()),
        "time": (3, (TIME,)),
        "revive": (3, (st.sampled_from((None, None, [1], [1, 2])), DEATH)),
        "clear": (2, (st.sampled_from((None, None, None, 0.0, 60.0)),)),
        "undo": (2, (DEATH,)),
        "tidy": (1, (st.sampled_from((0, 0, 8, 100)),)),
    }
)


def _step(name: str) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(name), st.tuples(*STEPS[name][1]))


STEP = st.sampled_from([name for name in STEPS for _ in range(STEPS[name][0])]).flatmap(_step)
