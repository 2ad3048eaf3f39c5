"""Windows of a metric as they leave a worker, one rule a test. One source sends each second; a record is (s, rows)."""

from pipeline.core.line_config import LineConfig, MetricConfig, UnitConfig
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, told

PATH = "park/line-1"


def windows(samples, until, hold=10_000, widths=(10,), line=None):
    """[(width, start, revision, count, coverage)] of metric `x`; samples {second: [(t, v, q)]}, t in ms from T0."""
    metrics = (MetricConfig(name="x", hold_ms=hold), MetricConfig(name="beat"))
    config = line or LineConfig(path=PATH, windows=widths, units=(UnitConfig(name="u", metrics=metrics),))
    gateway, state, found = Gateway(PATH), PartitionState(), []
    entries = [configuration(config, 0, T0)]
    for s in range(until):
        now = T0 + s * 1000
        rows = [("u", "x", "plc", T0 + t, v, q, 0) for t, v, q in samples.get(s, [])]
        rows.append(("u", "beat", "plc", now, 1.0, 0, 0))
        entries.append(Entry(s + 1, now, PATH, gateway.frame(rows, now)))
    for entry in entries:
        state, out = step(state, [entry])
        for _, results, _ in told(state, out):
            for x in results:
                if x.kind == "metric" and x.name == "x":
                    start = x.window_start - T0
                    found.append((x.window_s, start, x.revision, x.values["count"], round(x.coverage, 6)))
    return found


def test_a_window_leaves_where_the_lines_clock_passes_its_end():
    assert windows({1: [(1_000, 5.0, 0)]}, until=12) == []
    assert windows({1: [(1_000, 5.0, 0)]}, until=13) == [(10, 0, 0, 1, 0.9)]


def test_a_metric_without_samples_has_no_window():
    assert windows({1: [(1_000, 5.0, 0)]}, until=60) == [(10, 0, 0, 1, 0.9)]


def test_a_sample_at_exactly_the_end_of_a_window_belongs_to_the_next():
    found = windows({9: [(9_999, 1.0, 0)], 10: [(10_000, 2.0, 0)]}, until=30)
    assert [(start, count) for _, start, _, count, _ in found] == [(0, 1), (10_000, 1)]


def test_what_a_sample_holds_reaches_into_the_next_window_that_has_samples():
    found = windows({8: [(8_000, 1.0, 0)], 15: [(15_000, 2.0, 0)]}, until=30)
    assert [(start, cover) for _, start, _, _, cover in found] == [(0, 0.2), (10_000, 1.0)]


def test_a_silence_longer_than_hold_is_not_covered():
    found = windows({8: [(8_000, 1.0, 0)], 15: [(15_000, 2.0, 0)]}, until=30, hold=3_000)
    assert [cover for *_, cover in found] == [0.2, 0.4]


def test_an_unusable_sample_ends_coverage_across_windows():
    found = windows({8: [(8_000, 1.0, 0)], 9: [(9_000, 0.0, 1)], 15: [(15_000, 2.0, 0)]}, until=30)
    assert [(count, cover) for *_, count, cover in found] == [(1, 0.1), (1, 0.5)]


def test_a_window_without_a_usable_sample_says_count_zero_and_its_coverage():
    assert windows({3: [(3_000, 1.0, 1)]}, until=13) == [(10, 0, 0, 0, 0.0)]


def test_windows_of_a_second_leave_only_where_asked_for():
    found = windows({1: [(1_000, 5.0, 0)]}, until=13, widths=(1, 10))
    assert found == [(1, 1_000, 0, 1, 1.0), (10, 0, 0, 1, 0.9)]


def test_simulated_samples_count_only_where_the_line_says_so():
    metrics = (MetricConfig(name="x"),)
    lenient = LineConfig(path=PATH, usable_quality=(0, 7), units=(UnitConfig(name="u", metrics=metrics),))
    assert windows({1: [(1_000, 5.0, 7)]}, until=13)[0][3] == 0
    assert windows({1: [(1_000, 5.0, 7)]}, until=13, line=lenient)[0][3] == 1


def test_the_first_of_an_identity_counts_and_repeats_do_not():
    assert windows({1: [(1_000, 5.0, 0)], 2: [(1_000, 5.0, 0)]}, until=13)[0][3] == 1
