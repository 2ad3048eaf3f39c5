"""What every test shares."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")


@pytest.fixture
def former_logging() -> Iterator[None]:
    """Leaves logging as it was before the test."""
    root, ours = logging.getLogger(), logging.getLogger("parkpulse")
    handlers, levels = list(root.handlers), (root.level, ours.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.captureWarnings(False)
