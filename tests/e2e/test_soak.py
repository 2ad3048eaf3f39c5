"""The short form of the soak: what `python -m tests.soak --hours 12` holds for half a day, for twelve minutes."""

import pytest

from tests.soak import soaked

LENGTH_MS = 12 * 60_000  # two episodes of faults

pytestmark = [pytest.mark.real, pytest.mark.slow]


def test_memory_stays_flat_the_log_quiet_and_nothing_is_lost(tmp_path):
    *_, found = soaked(tmp_path, LENGTH_MS)
    assert found.broken(LENGTH_MS) == []
    assert len(found.marks) == 12
    assert found.told["sent"] > 100_000
