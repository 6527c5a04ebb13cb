"""What the tests of the release get: a checkout, and what is built from it."""

from pathlib import Path

import pytest

from tests.release.checkout import Checkout, Release


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A clean checkout of this tree that a test may change."""
    return Checkout(tmp_path / "checkout")


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The release of this tree."""
    return Checkout(tmp_path_factory.mktemp("release") / "checkout").release()
