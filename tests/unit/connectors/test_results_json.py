"""Results and alerts as JSON: what people and other systems read from the log."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs import alerts_json, results_json
from connectors.codecs.bounds import COUNTABLE, FIRST_MS, LAST_MS, STATES
from connectors.local_store import LocalStore
from pipeline.core.results import Result, ResultKind, Transition

KINDS: tuple[ResultKind, ...] = ("metric", "elements", "kpi", "anomaly", "state", "ledger", "score", "progress")
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
INTS = st.integers(-(2**63), 2**63 - 1)
TIMES = st.integers(FIRST_MS, LAST_MS)
COUNTS = st.integers(0, COUNTABLE)
TEXTS = st.text(max_size=8)
NAMES = st.sampled_from(["m", "nhiệt-độ", "zone.z1", "temp/ewma", "demo"])
PATHS = st.sampled_from(["park/line-1", "park/dây-chuyền/máy", "_unassigned"])

RESULTS = st.builds(
    Result,
    kind=st.sampled_from(KINDS),
    equipment=PATHS,
    name=NAMES,
    window_s=st.integers(0, 86_400),
    window_start=TIMES,
    product=st.none() | TEXTS,
    revision=COUNTS,
    values=st.dictionaries(NAMES, st.none() | NUMBERS | INTS | TEXTS, max_size=4),
    coverage=st.none() | NUMBERS,
    formula=st.none() | TEXTS,
)
TRANSITIONS = st.builds(
    Transition,
    id=NAMES,
    transition=COUNTS,
    alarm=st.sampled_from(["cold", "quá-nóng"]),
    equipment=PATHS,
    priority=st.integers(1, 4),
    state=st.sampled_from(sorted(STATES)),
    previous=st.sampled_from(sorted(STATES)),
    event_time_ms=TIMES,
    raised_ms=TIMES,
    value=st.none() | NUMBERS,
    threshold=st.none() | NUMBERS,
    revision=COUNTS,
)
ALERT = Transition(
    id="a1f0", transition=2, alarm="h2o2-cold", equipment="park/dây-chuyền/máy", priority=1, state="norm",
    previous="unack", event_time_ms=1_780_000_000_123, raised_ms=1_779_999_990_000, value=71.5, threshold=70.0,
    uom="°C", message_en="cold", message_vi="lạnh", advice_en="heat", advice_vi="làm nóng", incident="a1f0",
    revision=0, announced=True,
)  # fmt: skip


@given(st.lists(RESULTS, max_size=4))
def test_results_come_back_as_they_went_in(results: list[Result]) -> None:
    assert results_json.decode(results_json.encode(results)) == results


@given(TRANSITIONS)
def test_a_transition_comes_back_as_it_went_in(transition: Transition) -> None:
    assert alerts_json.decode(alerts_json.encode(transition)) == transition


def test_a_transition_may_name_every_state_that_is_promised() -> None:
    promised = [
        "norm",
        "unack",
        "acked",
        "rtnun",
        "latch_unack",
        "latch_acked",
        "shelved",
        "suppressed",
        "out_of_service",
    ]
    for state in promised:
        transition = replace(ALERT, state=state, previous="norm")
        assert alerts_json.decode(alerts_json.encode(transition)) == transition
    with pytest.raises(msgspec.DecodeError, match="state, previous: got 'loud'"):
        alerts_json.decode(alerts_json.encode(replace(ALERT, state="loud")))


def test_a_result_has_the_promised_keys_in_the_promised_order() -> None:
    result = Result("kpi", "park/line", "kpis", 60, 120_000, None, 7, {"oee": 0.5, "nee": None}, 0.9, "oee/1")
    assert results_json.encode([result]) == (
        b'[{"kind":"kpi","equipment":"park/line","name":"kpis","window_s":60,"window_start":120000,"product":null,'
        b'"revision":7,"values":{"oee":0.5,"nee":null},"coverage":0.9,"formula":"oee/1"}]'
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), np.float64("nan")])
def test_a_number_that_is_none_is_written_as_null(number: float) -> None:
    result = Result("metric", "park/line", "m", 10, 0, None, 0, {"sd": number}, coverage=number)
    (written,) = json.loads(results_json.encode([result]))
    assert (written["values"], written["coverage"]) == ({"sd": None}, None)


def test_a_number_of_an_array_is_written_as_the_number_it_is() -> None:
    row = np.array([0.1])
    assert results_json.values_text({"mean": row[0]}) == '{"mean":0.1}'


@pytest.mark.parametrize("decode", [results_json.decode, alerts_json.decode])
@pytest.mark.parametrize(
    "value",
    [
        b"", b"{}", b"[1]", b"null", b"\xff", b'{"id":"\xff"}', b'[{"kind":"\xff"}]', b'[{"kind":"unknown"}]',
        b'[{"kind":"metric","equipment":"\xff"}]', b"[" * 100_000, b'{"x":' * 100_000, b'[{"x":' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_bytes_that_say_something_else_raise_the_decode_error_and_nothing_else(
    decode: Callable[[bytes], object], value: bytes
) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(value)


@given(st.binary())
def test_no_bytes_break_the_decoders_in_another_way(value: bytes) -> None:
    for decode in (results_json.decode, alerts_json.decode):
        try:
            decode(value)
        except msgspec.DecodeError:
            continue


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    with closing(LocalStore(tmp_path_factory.mktemp("store") / "store.sqlite")) as store:
        yield store


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([-1, 1 << 63, 10**30, LAST_MS + 1, FIRST_MS - 1, "", "a/#", "\x00", "x" * 300])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


@given(RESULTS, st.sampled_from(sorted(Result.__dataclass_fields__)), ANYTHING)
def test_a_result_with_anything_in_a_field_is_refused_or_can_be_stored(kept, result, name, value):
    document = json.loads(results_json.encode([result]))[0] | {name: value}
    try:
        read = results_json.decode(json.dumps([document]).encode())
    except msgspec.DecodeError:
        return
    kept.write(read, [])
    assert len(kept.read(read[0].kind, read[0].equipment)) > 0


@given(TRANSITIONS, st.sampled_from(sorted(Transition.__dataclass_fields__)), ANYTHING)
def test_a_transition_with_anything_in_a_field_is_refused_or_can_be_stored_and_sent(kept, transition, name, value):
    document = json.loads(alerts_json.encode(transition)) | {name: value}
    try:
        read = alerts_json.decode(json.dumps(document).encode())
    except msgspec.DecodeError:
        return
    alerts_json.cloudevents(read, read.equipment)
    kept.write([], [read])
    assert len(kept.read_alerts(read.equipment)) > 0


def test_an_alert_carries_the_headers_of_cloudevents_in_binary_mode() -> None:
    assert dict(alerts_json.cloudevents(ALERT, "park/dây-chuyền")) == {
        "ce_specversion": b"1.0",
        "ce_id": b"a1f0/2",
        "ce_source": b"/parkpulse/park/d%C3%A2y-chuy%E1%BB%81n",
        "ce_type": b"parkpulse.alarm.transition",
        "ce_time": b"2026-05-28T20:26:40.123Z",
        "content-type": b"application/json",
    }


@pytest.mark.parametrize(("ms", "text"), [(0, b"1970-01-01T00:00:00.000Z"), (-1, b"1969-12-31T23:59:59.999Z")])
def test_the_time_of_an_alert_has_milliseconds_and_is_utc(ms: int, text: bytes) -> None:
    assert dict(alerts_json.cloudevents(replace(ALERT, event_time_ms=ms), "park/line"))["ce_time"] == text


def test_an_alert_is_the_body_that_interfaces_promise() -> None:
    body = json.loads(alerts_json.encode(ALERT))
    assert list(body) == list(alerts_json.SCHEMA)
    assert body["message_vi"] == "lạnh"
