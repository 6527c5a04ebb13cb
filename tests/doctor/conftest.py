"""What the tests of Check Setup get beside the world."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_queue_is_left_to_other_threads() -> Iterator[None]:
    """persist-queue closes its connections when it is collected, and only this thread may."""
    yield
    gc.collect()
