"""What tests of several parts need."""

import logging
from collections.abc import Iterator

import pytest


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
