"""Late rows correct what they reach, within the horizon. One rule a test."""

from pipeline.core.history import History
from pipeline.core.ledger import FIELDS
from pipeline.core.line_config import LineConfig, MetricConfig, TimeConfig, UnitConfig
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import Gateway, configuration, told

PATH, T0 = "park/line-1", 1_779_999_960_000  # a whole minute
METRICS = (
    MetricConfig(name="state", role="state"),
    MetricConfig(name="good", role="good_count"),
    MetricConfig(name="temp", hold_ms=3_000),
)


class Run:
    """One line whose only source sends each second; `found`: everything said, by (kind, equipment, name, window, t)."""

    def __init__(self, **time):
        self.config = LineConfig(
            path=PATH, pace_unit="a", count_unit="a", windows=(1, 10, 60, 900),
            units=(UnitConfig(name="a", ideal_cycle_ms=1_000, metrics=METRICS),), time=TimeConfig(**time),
        )  # fmt: skip
        self.gateway, self.state, self.offset, self.found, self.aside = Gateway(PATH), PartitionState(), 0, {}, []
        self._take(configuration(self.config, 0, T0))

    def _take(self, entry):
        self.state, out = step(self.state, [entry])
        self.offset += 1
        self.aside += [(a.reason, len(a.rows)) for a in out.late]
        for _, results, _ in told(self.state, out):
            for x in results:
                key = (x.kind, x.equipment.removeprefix(PATH), x.name, x.window_s, x.window_start - T0)
                self.found.setdefault(key, []).append(x)

    def send(self, at, rows):
        """rows (metric, t, v), times in s from the begin; `at`: when the record is appended."""
        full = [("a", metric, "plc", T0 + int(t * 1000), v, 0, 0) for metric, t, v in rows]
        now = T0 + at * 1000
        self._take(Entry(self.offset, now, PATH, self.gateway.frame(full, now)))

    def live(self, first, past, rows=lambda s: [("temp", s, 20.0), ("good", s, float(s)), ("state", s, "execute")]):
        for s in range(first, past):
            self.send(s, rows(s))
        return self

    def newest(self, *key):
        return self.found[key][-1]

    def counts(self):
        return dict(zip(FIELDS, self.state.ledger.counts.sum(axis=0).tolist(), strict=True))


def test_a_late_sample_corrects_the_windows_that_hold_it_and_the_revision_is_the_publishing_record():
    run = Run().live(0, 100)
    run.send(100, [("temp", 30.5, 50.0)])
    published = run.offset
    run.live(101, 110)
    for width, start, count in ((1, 30_000, 2), (10, 30_000, 11), (60, 0, 61)):
        first, last = run.found["metric", "/a", "temp", width, start]
        assert (first.revision, first.values["count"], first.values["max"]) == (0, count - 1, 20.0)
        assert (last.values["count"], last.values["max"]) == (count, 50.0)
        assert published - 1 <= last.revision <= published + 1
    assert len(run.found["metric", "/a", "temp", 10, 20_000]) == 1
    assert (run.counts()["corrected"], run.counts()["expired"]) == (1, 0)
    assert run.counts()["stored"] + len(run.state.open) == run.counts()["received"] == 109 * 3 + 1
    assert not run.aside


def test_a_late_sample_that_is_already_there_is_a_duplicate_and_with_another_value_a_conflict():
    run = Run().live(0, 60)
    before = {key: len(said) for key, said in run.found.items()}
    run.send(60, [("temp", 30, 20.0), ("temp", 31, 21.0), ("state", 31, "idle")])
    run.live(61, 70)
    assert {key: len(run.found[key]) for key in before if key[4] < 50_000 and key[0] != "ledger"} == {
        key: count for key, count in before.items() if key[4] < 50_000 and key[0] != "ledger"
    }
    assert [run.counts()[name] for name in ("duplicate", "conflict", "corrected")] == [1, 2, 0]


def test_a_counters_late_reading_moves_the_increase_of_the_next_one():
    run = Run().live(0, 40, lambda s: [("temp", s, 1.0)] + [("good", s, 4.0 * s)] * (s in {5, 29}))
    assert run.newest("elements", "/a", "elements", 10, 20_000).values["gq"] == 96
    run.send(40, [("good", 15, 40.0)])
    run.live(41, 50, lambda s: [("temp", s, 1.0)])
    assert run.newest("elements", "/a", "elements", 10, 10_000).values["gq"] == 20
    assert run.newest("elements", "/a", "elements", 10, 20_000).values["gq"] == 76
    assert (
        run.newest("kpi", "", "kpis", 10, 20_000).revision
        == run.newest("elements", "", "elements", 10, 20_000).revision
        > 0
    )


def test_a_late_state_holds_up_to_the_next_sample_of_it_and_no_further():
    run = Run().live(0, 60, lambda s: [("temp", s, 1.0)] + [("state", s, "execute")] * (s % 20 == 0))
    run.send(60, [("state", 25, "held")])
    run.live(61, 70, lambda s: [("temp", s, 1.0)])
    held = {
        start: run.newest("elements", "", "elements", 10, start).values["adet_ms"] for start in range(0, 60_000, 10_000)
    }
    assert held == {0: 0, 10_000: 0, 20_000: 5_000, 30_000: 10_000, 40_000: 0, 50_000: 0}
    assert run.newest("state", "/a", "state", 0, 25_000).values["state"] == "held"
    assert run.newest("state", "/a", "state", 0, 40_000).values["state"] == "execute"


def test_late_rows_that_fill_a_silence_make_the_state_known_again():
    run = Run(valid_for_ms=6_000)
    run.live(0, 10).live(40, 60)
    assert ("elements", "", "elements", 10, 20_000) not in run.found
    run.send(60, [("temp", s, 20.0) for s in range(10, 40)])
    run.live(61, 70)
    assert run.newest("elements", "", "elements", 10, 20_000).values["apt_ms"] == 10_000


def test_a_late_sample_changes_no_score():
    run = Run().live(0, 100)
    scores = {key: said[-1].values for key, said in run.found.items() if key[0] == "score" and key[4] < 60_000}
    run.send(100, [("temp", 30.5, 5_000.0)])
    run.live(101, 110)
    assert {key: run.newest(*key).values for key in scores} == scores


def test_late_rows_of_a_minute_beyond_the_horizon_are_expired_and_put_aside():
    run = Run(correction_horizon_ms=60_000).live(0, 200)
    run.send(200, [("temp", 61.5, 1.0), ("temp", 190.5, 1.0)])
    run.live(201, 210)
    assert run.aside == [("late", 1)]
    assert (run.counts()["expired"], run.counts()["corrected"]) == (1, 1)


def test_late_rows_are_expired_once_the_first_record_of_their_minute_is_older_than_the_horizon():
    run = Run(correction_horizon_ms=60_000, max_age_ms=10**9).live(0, 50)
    run.send(200, [("temp", 51, 1.0), ("temp", 30.5, 1.0), ("temp", -200, 1.0)])
    run.send(203, [("temp", 30.6, 1.0)])
    assert run.counts()["corrected"] == 0
    assert run.counts()["expired"] == 3


def test_samples_that_nothing_late_can_reach_any_more_are_forgotten():
    run = Run(correction_horizon_ms=60_000).live(0, 300)
    kept = len(run.state.history.minutes)
    run.live(300, 2_500)
    assert kept <= 6
    assert len(run.state.history.minutes) <= 20
    assert isinstance(run.state.history, History)


def test_late_rows_of_minutes_whose_samples_were_lost_are_expired_and_later_ones_correct():
    run = Run().live(0, 100)
    run.state.history.lose()
    run.state.minutes.lost_ms = int(run.state.clocks.append.max())
    run.live(100, 130)
    run.send(130, [("temp", 30.5, 1.0), ("temp", 110.5, 1.0), ("temp", 125.5, 1.0)])
    run.live(131, 140)
    assert (run.counts()["expired"], run.counts()["corrected"]) == (2, 1)
