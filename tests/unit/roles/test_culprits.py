"""What makes a role fail is found alone and put aside; the others are worked off in their order."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs import results_json
from connectors.memory import MemoryLog
from connectors.memory_store import MemoryStore
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Outgoing
from pipeline.roles import gateway as gateway_role
from pipeline.roles import notifier as notifier_role
from pipeline.roles.culprits import MOST, culprits
from pipeline.roles.historian import Historian
from pipeline.roles.notifier import Notifier
from pipeline.roles.start import TOPICS
from pipeline.runtime.clock import VirtualClock
from pipeline.runtime.instruments import Instruments
from tests.unit.roles.feed import T0, Bench
from tests.unit.roles.test_historian import LINE, result
from tests.unit.steps.test_notifier import incident, progress


@given(st.lists(st.booleans(), max_size=40))
def test_those_with_which_it_fails_are_found_and_it_is_done_for_the_others_in_order(bad):
    done = []

    def work(some):
        if any(bad[k] for k in some):
            raise pl.exceptions.PanicException("broken")
        done.extend(some)

    if len(bad) > MOST and all(bad):
        with pytest.raises(pl.exceptions.PanicException):
            culprits(range(len(bad)), work)
        return
    assert sorted(culprits(range(len(bad)), work)) == [k for k, is_bad in enumerate(bad) if is_bad]
    assert done == [k for k, is_bad in enumerate(bad) if not is_bad]


@pytest.mark.parametrize("error", [Unavailable("away"), KeyboardInterrupt(), SystemExit()])
def test_what_the_world_lacks_is_nobodys_fault(error):
    def work(some):
        raise error

    with pytest.raises(type(error)):
        culprits([1], work)


class Brittle(MemoryStore):
    """A store that breaks on some metrics, and says nothing of use."""

    def write(self, results, alerts):
        if any(r.name == "bad" for r in results):
            raise RecursionError("deep")
        return super().write(results, alerts)


def test_a_record_that_the_historian_cannot_work_off_goes_aside_and_the_partition_goes_on():
    log, store, instruments = MemoryLog(VirtualClock(T0)), Brittle(), Instruments()
    log.ensure(dict.fromkeys(TOPICS, 1))
    writer, historian = log.writer(), Historian(log, store, instruments)
    bodies = [results_json.encode([result(k * 10_000, "bad" if k in (2, 5) else "m")]) for k in range(9)]
    writer.write([Outgoing("results.v1", LINE, body) for body in bodies])
    writer.flush()
    historian.turn(0.0)
    rejects = log.topics["rejects.v1"][0]
    assert [record.value for record in rejects] == [bodies[2], bodies[5]]
    assert [dict(record.headers)["offset"] for record in rejects] == [b"2", b"5"]
    assert b"RecursionError: deep" in dict(rejects[0].headers)["sentence"]
    assert len(store.read("metric")) == 7
    assert historian.taken("results.v1") == 9
    assert instruments.registry.get_sample_value("parkpulse_rejected_samples_total", {"reason": "poison"}) == 2


class Told:
    """A sink that remembers."""

    rival, connected, last_error = "", True, ""

    def __init__(self):
        self.topics = []

    def publish(self, messages):
        self.topics += [message.topic for message in messages]

    def close(self):
        pass


def test_an_alert_that_the_notifier_cannot_work_off_holds_no_other_up(monkeypatch):
    step = notifier_role.step

    def failed(state, alerts, beats, now):
        if any(alert.equipment.startswith("p/bad") for alert in alerts) or any(b.equipment == "p/bad" for b in beats):
            raise MemoryError
        return step(state, alerts, beats, now)

    monkeypatch.setattr(notifier_role, "step", failed)
    log = MemoryLog(VirtualClock(T0))
    log.ensure(dict.fromkeys(TOPICS, 1))
    sink, writer = Told(), log.writer()
    notifier = Notifier(log, sink, log.clock, Instruments())
    for line in ("p/l", "p/bad", "p/k"):
        body = notifier_role.alerts_json.encode(incident(T0, line)[0])
        beat = results_json.encode([progress(T0, line)])
        writer.write([Outgoing("alerts.v1", line.encode(), body)])
        writer.write([Outgoing("results.v1", line.encode(), beat, (("kinds", b"progress"),))])
    writer.flush()
    notifier.turn(0.0)
    assert sorted(sink.topics) == [
        *(f"parkpulse/v1/{what}/{line}/u/hot" for what in ("alarm-state", "alerts") for line in ("p/k", "p/l")),
        *(f"parkpulse/v1/heartbeat/{line}" for line in ("p/k", "p/l")),
    ]
    assert (notifier.taken("alerts.v1"), notifier.taken("results.v1")) == (3, 3)


def test_a_payload_that_breaks_the_gateways_step_is_kept_with_its_bytes_and_acknowledged(monkeypatch):
    receive = gateway_role.receive

    def failed(state, samples, rejects, payloads, **more):
        if (samples.v == 666.5).any():
            raise pl.exceptions.PanicException("boom\nfar away")
        return receive(state, samples, rejects, payloads, **more)

    monkeypatch.setattr(gateway_role, "receive", failed)
    bench = Bench()
    topic, good = "parkpulse/v1/data/s/l/u/m", b'{"timestamp_ms": %d, "value": %d}'
    bad = b'{"timestamp_ms": 1, "value": 666.5}'
    bench.take([(topic, bad if k in (3, 4, 11) else good % (T0 + k, k)) for k in range(20)])
    rejects = bench.records("rejects.v1")
    assert [(record.key, record.value) for record in rejects] == [(topic.encode(), bad)] * 3
    assert {dict(record.headers)["reason"] for record in rejects} == {b"poison"}
    assert dict(rejects[0].headers)["sentence"] == b"payload: it cannot be read: PanicException: boom"
    assert bench.gateway.state.lines["s/l"].rows == 17
