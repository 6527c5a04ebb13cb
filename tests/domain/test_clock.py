"""The machine's clock, and the one that tests move by hand, behave alike."""

import time

import pytest

from domain.clock import Clock, SystemClock
from tests.world import FrozenClock


def test_the_systems_clock_tells_unix_seconds() -> None:
    before = time.time()

    now = SystemClock().now()

    assert before <= now <= time.time()


@pytest.mark.parametrize("clock", [SystemClock(), FrozenClock()], ids=["system", "frozen"])
def test_waiting_takes_as_long_as_it_says(clock: Clock) -> None:
    began = clock.monotonic()

    clock.sleep(0.02)

    assert clock.monotonic() - began >= 0.02


def test_a_frozen_clock_stands_still() -> None:
    clock = FrozenClock()

    assert clock.now() == clock.now()
    assert clock.monotonic() == clock.monotonic()


def test_setting_a_clock_back_makes_no_duration_negative() -> None:
    clock = FrozenClock()
    began = clock.monotonic()

    clock.move(-86_400)

    assert clock.monotonic() == began
