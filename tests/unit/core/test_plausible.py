"""Frames that no gateway can have written are refused before anybody counts with them."""

from dataclasses import replace

import pytest

from pipeline.core.frames import Frame, FrameName, Kind
from pipeline.core.plausible import DAY_MS, MAX_LEGAL, Spelling, implausible

NOW = 1_780_000_000_000
FRAME = Frame(Kind.HEARTBEAT, 0, 0, NOW, "gw", NOW, 7, 100, 3)


@pytest.mark.parametrize("behind_ms", [0, -59_000, 3_000, 300 * DAY_MS, NOW])
def test_what_a_gateway_with_any_clock_writes_is_plausible(behind_ms):
    assert implausible(replace(FRAME, ingest_ms=NOW - behind_ms), NOW) == ""


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ingest_ms": NOW + 400 * DAY_MS}, "ingest_ms"),
        ({"ingest_ms": -1}, "ingest_ms"),
        ({"ingest_ms": (1 << 63) - 1}, "ingest_ms"),
        ({"number": 1 << 60}, "number"),
        ({"total_rows": 1 << 63}, "total_rows"),
        ({"total_rejects": 1 << 63}, "total_rejects"),
        ({"boot": 1 << 63}, "boot"),
        ({"gateway": ""}, "gateway"),
        ({"gateway": "g" * 300}, "gateway"),
        ({"gateway": "gw\n1"}, "gateway"),
        ({"texts": ("execute", "x" * 9_000)}, "text"),
    ],
)
def test_numbers_that_nobody_can_have_counted_are_named(changes, named):
    assert named in implausible(replace(FRAME, **changes), NOW)


def test_paths_and_names_are_legal_ones():
    spelling = Spelling()
    good = (FrameName("máy-1", "nhiệt_độ", ""), FrameName("", "kW", ""))
    assert spelling.slip("park/line-1", good) == ""
    assert spelling.slip("_unassigned", ()) == ""
    assert "key" in spelling.slip("park/li#ne", good)
    assert "key" in spelling.slip("", good)
    assert "key" in spelling.slip("/".join(["level"] * 200), good)
    assert "name" in spelling.slip("park/line-1", (FrameName("a", "x/y", ""),))
    assert "name" in spelling.slip("park/line-1", (FrameName("a", "", ""),))


def test_a_name_is_as_legal_the_second_time_and_no_unit_lends_its_emptiness_to_a_metric():
    spelling = Spelling()
    for _ in range(2):
        for unit, metric, said in (
            ("a", "b", ""),
            ("", "b", ""),
            ("b", "", "is empty"),
            ("b", "a", ""),
            ("_x", "a", "'_'"),
        ):
            assert said in spelling.slip("park/line-1", (FrameName(unit, metric, ""),))
            assert bool(said) == bool(spelling.slip("park/line-1", (FrameName(unit, metric, ""),)))


def test_what_is_remembered_of_legal_names_is_bounded():
    spelling = Spelling(legal={f"m{number}" for number in range(MAX_LEGAL)})
    assert spelling.slip("park/line-1", (FrameName("unit", "m!", ""),)) != ""
    assert spelling.slip("park/line-1", (FrameName("unit", "metric", ""),)) == ""
    assert spelling.legal == {"unit", "metric"}
