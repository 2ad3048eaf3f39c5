"""An alarm that goes with a new configuration ends its incident at its series' clock, as one that changes does."""

from pipeline.core.line_config import AlarmConfig
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, line_config, told

PATH = "park/line-1"
COLD = AlarmConfig(name="cold", kind="limit", unit="filler", metric="temp", low=68.0)
MILD = COLD.model_copy(update={"low": 40.0})


def ended(alarms):
    """Event time from T0 at which the incident of a line ends whose alarms are others from 10 s on."""
    gateway, state, found = Gateway(PATH), PartitionState(), []
    entries = [configuration(line_config(PATH, alarms=(COLD,)), 0, T0)]
    for s in range(20):
        now = T0 + s * 1000
        if s == 10:
            entries.append(configuration(line_config(PATH, alarms=alarms), len(entries), now))
        entries.append(Entry(len(entries), now, PATH, gateway.frame([("filler", "temp", "plc", now, 50.0, 0, 0)], now)))
    for entry in entries:
        state, out = step(state, [entry])
        found += [alert for _, _, alerts in told(state, out) for alert in alerts]
    assert [(x.state, x.reason) for x in found] == [("unack", ""), ("norm", "configuration")]
    return found[-1].event_time_ms - T0


def test_an_alarm_that_goes_ends_when_one_that_changes_does():
    assert ended(()) == ended((MILD,)) == 8_000  # two seconds are allowed lateness
