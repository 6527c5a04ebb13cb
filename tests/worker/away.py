"""Plex goes away and comes back, for a drain whose clock stands still."""

from tests.worker.stage import Stage
from worker.circuit_breaker import CircuitState


def go_away(stage: Stage) -> None:
    """Plex fails until the breaker opens."""
    stage.world.plex.weather(503)
    stage.drain()
    assert stage.breaker is CircuitState.OPEN
    stage.forget_requests()


def ask(stage: Stage, answers: str) -> None:
    """Ask Plex six seconds apart; it succeeds ("s") or fails ("f")."""
    for answer in answers:
        stage.world.plex.weather("fine" if answer == "s" else 503)
        stage.clock.move(6)
        stage.worker.check_recovery()


def come_back(stage: Stage) -> None:
    ask(stage, "ss")
    assert stage.breaker is CircuitState.CLOSED
    stage.forget_requests()


def three_edits_wait(stage: Stage) -> Stage:
    """Three edits wait, and Plex has just been found away."""
    stage.enqueue(*(stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(3)))
    go_away(stage)
    return stage
