"""What a new configuration of a line changes from its place in the log on, and what it keeps."""

from pipeline.core.line_config import MetricConfig, UnitConfig
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, line_config, told

PATH = "park/line-1"
SENT = (("filler", "state", "execute"), ("filler", "condition", "held"), ("old", "state", "execute"))


def unit(name="filler", state="state"):
    return UnitConfig(
        name=name, metrics=(MetricConfig(name=state, role="state"), MetricConfig(name="good", role="good_count"))
    )


def ran(before, after, at=30, seconds=60):
    """Elements [(equipment, start from T0, apt)] and states of a line whose configuration changes at `at`."""
    gateway, state, found, states = Gateway(PATH), PartitionState(), [], []
    entries = [configuration(line_config(PATH, units=before, alarms=(), windows=(10,)), 0, T0)]
    for s in range(seconds):
        now = T0 + s * 1000
        if s == at:
            config = line_config(PATH, units=after, alarms=(), windows=(10,))
            entries.append(configuration(config, len(entries), now))
        rows = [(u, m, "plc", now, v, 0, 0) for u, m, v in SENT]
        entries.append(Entry(len(entries), now, PATH, gateway.frame(rows, now)))
    for entry in entries:
        state, out = step(state, [entry])
        for x in (x for _, results, _ in told(state, out) for x in results):
            if x.kind == "elements":
                found.append((x.equipment.removeprefix(PATH).strip("/"), x.window_start - T0, x.values["apt_ms"]))
            if x.kind == "state":
                states.append((x.equipment.removeprefix(PATH).strip("/"), x.window_start - T0, x.values["state"]))
    return found, states


def test_a_unit_that_is_gone_publishes_no_more():
    found, _ = ran((unit(), unit("old")), (unit(),))
    assert max(start for name, start, _ in found if name == "old") < 30_000
    assert max(start for name, start, _ in found if name == "filler") >= 40_000


def test_a_unit_that_stays_keeps_its_state():
    found, _ = ran((unit(), unit("old")), (unit(),))
    assert [apt for name, _, apt in found if name == "filler"] == [10_000] * 5


def test_a_unit_whose_state_is_another_metric_now_follows_that_one():
    found, states = ran((unit(),), (unit(state="condition"),))
    assert states[-1][2] == "held"
    assert [apt for name, start, apt in found if name == "filler" and start >= 40_000] == [0]
