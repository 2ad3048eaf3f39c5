"""Which lines a gateway takes in: welcomed before their first frame, whoever names them first, and never too many."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.frames import Kind
from pipeline.core.line_config import LineConfig
from pipeline.core.samples import Name, Payload, Reject
from pipeline.steps.gateway import GatewayState, configuration, receive
from pipeline.steps.gateway_lines import take_in
from tests.unit.steps.received import Row, frames_of, make_payloads, make_samples, rejects_of, start

UNDECLARED = LineConfig(path="-", windows=(10,))
LINES = [f"s/l{i}" for i in range(6)]
NAMES = [Name(line, unit, "speed") for line in LINES for unit in ("", "filler")]


def taken(state: GatewayState, rows: list[Row], rejects: Sequence[Reject], payloads: Sequence[Payload]) -> GatewayState:
    return receive(state, make_samples(rows, NAMES), rejects, payloads, undeclared=UNDECLARED, now_ms=5)[0]


def test_a_line_whose_first_payload_is_wholly_rejected_gets_its_configuration_before_its_first_frame() -> None:
    rejects = [Reject(0, "s/l3", "bad_json", "no"), Reject(1, "", "bad_topic", "no")]
    samples = make_samples([(1, 0, 1.0, 0, -1, 0)], NAMES[:1])
    state, out, _ = receive(start(), samples, rejects, make_payloads(2), undeclared=UNDECLARED, now_ms=5)
    told = [(line, frame.kind, frame.number, frame.rejects) for line, frame in frames_of(out)]
    assert told == [
        ("s/l3", Kind.CONFIGURATION, 1, 0),
        ("s/l0", Kind.CONFIGURATION, 1, 0),
        ("s/l0", Kind.DATA, 2, 0),
        ("s/l3", Kind.DATA, 2, 1),
        ("_unassigned", Kind.DATA, 1, 1),
    ]
    bodies = [frame.body for _, frame in frames_of(out)][:2]
    assert bodies == [UNDECLARED.model_copy(update={"path": path}).to_json() for path in ("s/l3", "s/l0")]
    again = receive(state, samples, rejects, make_payloads(2), undeclared=UNDECLARED, now_ms=5)[1]
    assert {frame.kind for _, frame in frames_of(again)} == {Kind.DATA}


def test_a_payload_for_a_line_too_many_is_one_reject_that_says_what_to_do_and_the_line_is_never_learned() -> None:
    rows: list[Row] = [(0, 0, 1.0, 0, -1, 0), (1, 2, 1.0, 0, -1, 0), (1, 3, 2.0, 0, -1, 0), (1, 4, 3.0, 0, -1, 0)]
    rejects = [Reject(1, "s/l1", "bad_value", "no", 4), Reject(2, "s/l0", "bad_json", "no")]
    found, kept, told = take_in({"s/l9": 0}, 1, make_samples(rows, NAMES), rejects, 2)
    assert found == ["s/l0"]
    assert kept.v.tolist() == [1.0]
    assert [(reject.payload, reject.line, reject.code, reject.samples) for reject in told] == [
        (1, "", "bad_value", 4),
        (1, "", "bad_path", 3),
        (2, "s/l0", "bad_json", 1),
    ]
    assert told[1].sentence == (
        "s/l1: a line too many; got it after 2 other lines that no file declares; expected at most 2; "
        "declare it in a file in lines/, or see who sends so many paths, and start the gateway again"
    )


def test_a_gateway_takes_in_ten_thousand_lines_that_nobody_declared_and_every_declared_one() -> None:
    state, _ = configuration(start(), [LineConfig(path=f"declared/l{i}") for i in range(50)], 1)
    names = [Name(f"s/x{i}", "", "speed") for i in range(10_003)] + [Name("declared/l49", "", "speed")]
    samples = make_samples([(i, i, 1.0, 0, -1, 0) for i in range(len(names))], names)
    state, out, rejects = receive(state, samples, [], make_payloads(len(names)), undeclared=UNDECLARED, now_ms=5)
    assert state.undeclared == 10_000
    assert set(state.lines) == {f"declared/l{i}" for i in range(50)} | {f"s/x{i}" for i in range(10_000)} | {
        "_unassigned"
    }
    assert [reject.payload for reject in rejects] == [10_000, 10_001, 10_002]
    assert {dict(record.headers)["reason"] for record in rejects_of(out)} == {b"bad_path"}
    [data] = [frame for line, frame in frames_of(out) if line == "declared/l49"]
    assert len(data) == 1


PAYLOADS = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(0, 11), st.floats(-9, 9)), max_size=4),
        st.lists(st.sampled_from([*LINES, ""]), max_size=2),
    ),
    max_size=12,
)


@given(PAYLOADS, st.integers(0, 12), st.integers(0, 7))
def test_the_same_lines_samples_and_rejects_are_taken_in_wherever_the_payloads_are_cut(
    payloads: list[tuple[list[tuple[int, float]], list[str]]], at: int, most: int
) -> None:
    def run(*calls: list[tuple[list[tuple[int, float]], list[str]]]) -> tuple[list[str], list[object], list[object]]:
        known: dict[str, int] = {}
        rows_kept: list[object] = []
        told: list[object] = []
        done = 0
        for call in calls:
            rows = [(i, name, v, 0, -1, 0) for i, (own, _) in enumerate(call) for name, v in own]
            rejects = [Reject(i, line, "bad_json", "no") for i, (_, own) in enumerate(call) for line in own]
            new, kept, refused = take_in(known, len(known), make_samples(rows, NAMES), rejects, most)
            known |= dict.fromkeys(new, 0)
            assert {NAMES[name].line for name in kept.name} <= known.keys()
            rows_kept += zip((kept.payload + done).tolist(), kept.name.tolist(), kept.v.tolist(), strict=True)
            told += [
                (reject.payload + done, reject.line, reject.code, reject.sentence, reject.samples) for reject in refused
            ]
            done += len(call)
        return list(known), rows_kept, told

    assert run(payloads) == run(payloads[:at], payloads[at:])


@given(PAYLOADS, st.integers(0, 7))
def test_every_sample_is_kept_or_counted_in_a_reject_of_its_payload(
    payloads: list[tuple[list[tuple[int, float]], list[str]]], most: int
) -> None:
    rows = [(i, name, v, 0, -1, 0) for i, (own, _) in enumerate(payloads) for name, v in own]
    found, kept, told = take_in({}, 0, make_samples(rows, NAMES), [], most)
    assert len(found) <= most
    counted = Counter(kept.payload.tolist())
    for reject in told:
        counted[reject.payload] += reject.samples
    assert counted == Counter(i for i, *_ in rows)


@pytest.mark.parametrize("line", ["s/l3", "s/l0"])
def test_a_line_counts_once_however_often_it_is_named(line: str) -> None:
    state = start()
    for _ in range(3):
        state = taken(state, [(0, 0, 1.0, 0, -1, 0)], [Reject(0, line, "bad_json", "no")], make_payloads(1))
    assert state.undeclared == len({"s/l0", line})
