"""Durations and sizes are written with their unit, and read back as written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.amounts import duration_ms, duration_text, size_bytes, size_text, whole_ms


@pytest.mark.parametrize(
    "text, ms",
    [("2s", 2000), ("250ms", 250), ("0.15s", 150), ("15m", 900_000), ("24h", 86_400_000), ("1d", 86_400_000)],
)
def test_durations_have_a_unit(text: str, ms: int) -> None:
    assert whole_ms(text) == ms


@pytest.mark.parametrize("text", [2, 2.5, True, "2", "", "s", "-2s", "2 s s", "1e3s", "2w", None, "١s "])
def test_what_has_no_unit_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"got .*; expected "):
        duration_ms(text)


@given(st.integers(0, 10**12))
def test_a_duration_reads_back_as_written(ms: int) -> None:
    assert whole_ms(duration_text(ms)) == ms


@given(st.integers(0, 1 << 40))
def test_a_size_reads_back_as_written(size: int) -> None:
    assert size_bytes(size_text(size)) == size


def test_a_cycle_may_be_finer_than_a_millisecond_but_a_delay_may_not() -> None:
    assert duration_ms("0.5ms") == 0.5
    with pytest.raises(ValueError, match="finer than a millisecond"):
        whole_ms("0.5ms")
