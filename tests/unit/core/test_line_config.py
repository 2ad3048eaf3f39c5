"""Whatever passes as a configuration record is safe to work with; everything else is refused in one sentence."""

import copy
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.core.frames import END, Frame, Kind
from pipeline.core.line_config import LineConfig, validated
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, line_config

PATH = "park/line-1"
GOOD = json.loads(
    line_config(
        PATH,
        calendar={"offsets": [[0, 420]], "shifts": [{"name": "s", "begin": 0, "end": 1440, "breaks": [[5, 9]]}]},
        shift_windows=True,
    ).to_json()
)


def places(document, at=()):
    yield at
    below = document if isinstance(document, dict) else dict(enumerate(document)) if isinstance(document, list) else {}
    for key, value in below.items():
        yield from places(value, (*at, key))


def replaced(document, at, value):
    if not at:
        return value
    other = copy.deepcopy(document)
    inside = other
    for key in at[:-1]:
        inside = inside[key]
    inside[at[-1]] = value
    return other


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 1 << 62, 1 << 64, 10**30, 86_400, 1e300, -0.5])
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([PATH, "limit", "silence", "score", "state", "filler", "2026-09-02"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def ran(body):
    """Steps a configuration record, rows of all kinds, silence, and an end."""
    gateway, state = Gateway(PATH), PartitionState()
    frames = [Frame(Kind.CONFIGURATION, 0, 0, T0, "gw", 1, 0, 0, 0, body=body)]
    for s in range(0, 40, 4):
        t, now = T0 + s * 1000 + 7, T0 + s * 1000
        sent = (("state", "execute"), ("temp", 60.0), ("good", float(s)))
        frames.append(gateway.frame([("filler", metric, "", t, v, 0, 0) for metric, v in sent], now))
    frames.append(gateway.frame([], T0 + 900_000))
    frames.append(gateway.frame([], T0 + 901_000, END))
    for k, frame in enumerate(frames):
        state, _ = step(state, [Entry(k, frame.ingest_ms, PATH, frame)])


def refusal(body):
    try:
        validated(PATH, body)
    except ValueError as error:
        return type(error), str(error).index("configuration: "), str(error).splitlines()[1:]
    return None


@given(st.sampled_from(list(places(GOOD))), ANYTHING)
@example((), "\x1e0")
@example((), {"\n": 1})
def test_a_document_with_anything_in_one_place_is_refused_in_a_sentence_or_safe_to_step_with(at, value):
    body = json.dumps(replaced(GOOD, at, value)).encode(errors="replace")
    refused = refusal(body)
    if refused is None:
        ran(body)
    else:
        assert refused == (ValueError, 0, [])


@given(st.binary(max_size=40))
def test_bytes_that_are_no_document_are_refused(body):
    with pytest.raises(ValueError, match="configuration: "):
        validated(PATH, body)


@pytest.mark.parametrize(
    "changes",
    [
        {"windows": []}, {"windows": [0]}, {"windows": [-10]}, {"windows": [10, 10]}, {"windows": [10**30]},
        {"windows": [90]}, {"windows": [61]},
        {"time": {"max_open_rows": 0}}, {"time": {"valid_for_ms": 10**30}}, {"time": {"idle_timeout_ms": -1}},
        {"units": [{"name": "a"}, {"name": "a"}]}, {"path": "park/line-2"}, {"path": "park/li#ne"},
        {"alarms": [{"name": "a", "kind": "limit", "metric": "m", "low": float("nan")}]},
        {"units": [{"name": "a", "ideal_cycle_ms": 0}]}, {"unknown": 1},
    ],
)  # fmt: skip
def test_what_no_line_can_mean_is_refused(changes):
    with pytest.raises(ValueError, match="configuration: "):
        validated(PATH, json.dumps(GOOD | changes).encode())


def test_what_a_gateway_writes_comes_back():
    line = LineConfig.model_validate(GOOD)
    assert validated(PATH, line.to_json()) == line


def test_a_rule_that_this_program_has_not_waits():
    alarm = {"name": "a", "kind": "phase-of-moon", "metric": "m"}
    assert validated(PATH, json.dumps(GOOD | {"alarms": [alarm]}).encode()).alarms[0].kind == "phase-of-moon"


def test_a_window_is_at_most_a_minute_or_whole_minutes():
    kept = validated(PATH, json.dumps(GOOD | {"windows": [1, 7, 60, 120, 900]}).encode())
    assert kept.windows == (1, 7, 60, 120, 900)
    with pytest.raises(ValueError, match=r"windows\.1: .*at most 60 s or whole minutes; got 90"):
        validated(PATH, json.dumps(GOOD | {"windows": [10, 90]}).encode())
