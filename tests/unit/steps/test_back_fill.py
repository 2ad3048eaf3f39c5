"""Sources that were cut off come back: their windows are revised to what they would have been. One rule a test."""

from pipeline.core.line_config import LineConfig, MetricConfig, TimeConfig, UnitConfig
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import Gateway, configuration

PATH, T0 = "park/line-1", 1_779_999_960_000  # a whole minute
METRICS = (MetricConfig(name="state", role="state"), MetricConfig(name="good", role="good_count"))
CONFIG = LineConfig(
    path=PATH,
    pace_unit="a",
    count_unit="b",
    units=(UnitConfig(name="a", metrics=METRICS), UnitConfig(name="b", metrics=METRICS)),
    time=TimeConfig(valid_for_ms=6_000),
)


def elements(records):
    """{(equipment, width, start): [revisions and values]} of records (second, rows (unit, metric, source, t, v))."""
    gateway, state, found = Gateway(PATH), PartitionState(), {}
    entries = [configuration(CONFIG, 0, T0)]
    for s, rows in records:
        now = T0 + s * 1000
        full = [(u, m, source, T0 + t, v, 0, 0) for u, m, source, t, v in rows]
        entries.append(Entry(len(entries), now, PATH, gateway.frame(full, now)))
    for entry in entries:
        state, out = step(state, [entry])
        for x in (x for said in out.results for x in said.results if x.kind == "elements"):
            key = (x.equipment.removeprefix(PATH).strip("/"), x.window_s, x.window_start - T0)
            found.setdefault(key, []).append((x.revision, x.values))
    return found


def pace(s):
    return [("a", "state", "plc-a", s * 1000, "execute")]


def count(s):
    return [("b", "good", "plc-b", s * 1000, float(s)), ("b", "state", "plc-b", s * 1000, "held")]


def test_a_drain_in_one_record_says_what_a_live_source_would_have_said():
    away = [row for s in range(30, 60) for row in count(s)]
    cut = [(s, pace(s) + ([] if 30 <= s < 60 else count(s)) + (away if s == 60 else [])) for s in range(100)]
    live = elements([(s, pace(s) + count(s)) for s in range(100)])
    drained = elements(cut)
    assert {k: v[-1][1] for k, v in drained.items()} == {k: v[-1][1] for k, v in live.items()}
    assert [revision == 0 for revision, _ in drained["b", 10, 30_000]] == [True, False]


def test_the_same_state_on_both_sides_of_a_silence_drained_at_once_is_known_again():
    silent = [row for s in (30, 31, 45, 46, 51) for row in count(s)]
    found = elements([(s, pace(s) + (count(s) if s < 30 or s > 60 else silent if s == 60 else [])) for s in range(80)])
    assert found["b", 10, 30_000][-1][1]["adet_ms"] == 7_000
    assert found["b", 10, 40_000][-1][1]["adet_ms"] == 5_000
    assert found["b", 10, 50_000][-1][1]["adet_ms"] == 7_000


def test_rows_earlier_than_all_of_their_units_begin_its_windows_earlier():
    early = [("b", "extra", "plc-c", t * 1000, 1.0) for t in range(3, 9)]
    early += [("b", "good", "plc-c", t * 1000, float(t)) for t in range(3, 9)]
    records = [(s, pace(s) + [("b", "state", "plc-b", s * 1000, "held")] * (s >= 30)) for s in range(50)]
    records[45] = (45, records[45][1] + early)
    found = elements([*records, *[(s, pace(s)) for s in range(50, 60)]])
    assert found["b", 10, 0][0][0] == 0
    assert found["b", 10, 0][-1][1]["gq"] == 5


def test_a_unit_that_returns_after_minutes_revises_the_lines_windows_and_keeps_the_other_units_time():
    away = [row for s in range(60, 600) for row in count(s)]
    found = elements([(s, pace(s) + (count(s) if s < 60 else away if s == 600 else [])) for s in range(620)])
    for width, start in ((10, 100_000), (10, 300_000), (60, 60_000), (60, 240_000)):
        values = found["", width, start][-1][1]
        assert (values["apt_ms"], values["gq"]) == (width * 1000, width)
    assert all(revision > 0 for revision, _ in found["", 60, 60_000][1:])
