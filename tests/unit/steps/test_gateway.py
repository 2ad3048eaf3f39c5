"""Laws of the gateway's step: nothing lost, nothing split, numbers and totals without holes, rejects declared once."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.frames import END, NO_TEXT, Kind, decode
from pipeline.core.line_config import LineConfig
from pipeline.core.samples import FROZEN, UNDATED, Payload, Reject
from pipeline.steps.gateway import GatewaySettings, GatewayState, configuration, end, heartbeats, pack
from pipeline.steps.log_time import LogTime
from tests.unit.steps.received import (
    NAMES,
    REJECTS,
    ROWS,
    TEXTS,
    Row,
    frames_of,
    make_payloads,
    make_samples,
    rejects_of,
    start,
)

SETTINGS = GatewaySettings(max_rows=7, max_bytes=35, frozen_after=1_000)


@given(st.lists(st.tuples(ROWS, REJECTS), min_size=1, max_size=4))
def test_numbers_and_running_totals_of_each_line_have_no_hole(calls: list[tuple[list[Row], list[Reject]]]) -> None:
    state = start()
    totals: dict[str, tuple[int, int, int]] = {}
    for rows, rejects in calls:
        state, out = pack(state, make_samples(rows), rejects, make_payloads(10), SETTINGS)
        for line, frame in frames_of(out):
            number, total_rows, total_rejects = totals.get(line, (0, 0, 0))
            totals[line] = (number + 1, total_rows + len(frame), total_rejects + frame.rejects)
            assert (frame.number, frame.total_rows, frame.total_rejects) == totals[line]
            assert (frame.gateway, frame.boot, frame.kind) == ("gw-1", 7, Kind.DATA)


@given(ROWS, REJECTS)
def test_every_sample_and_every_reject_is_declared_exactly_once(rows: list[Row], rejects: list[Reject]) -> None:
    _, out = pack(start(), make_samples(rows), rejects, make_payloads(10), SETTINGS)
    declared, stored = Counter[str](), Counter[tuple[str, str, str, int, float]]()
    for line, frame in frames_of(out):
        declared[line] += frame.rejects
        for index, t, v in zip(frame.index, frame.t, frame.v, strict=True):
            stored[line, frame.names[index].unit, frame.names[index].metric, int(t), float(v)] += 1
    written = Counter[str]()
    for record in rejects_of(out):
        headers = dict(record.headers)
        written[headers["line"].decode()] += int(headers["samples"])
    assert +declared == +written
    kept = Counter((*NAMES[name][:3], t, v) for _, name, v, t, _, _ in rows)
    refused = sum(written.values()) - sum(reject.samples for reject in rejects)
    assert stored.total() + refused == len(rows)
    assert not stored - kept


@given(ROWS)
def test_a_payload_is_never_split_over_two_frames_of_a_line_and_no_frame_is_too_long(rows: list[Row]) -> None:
    marked = [(payload, name, float(payload), t, -1, 0) for payload, name, _, t, _, _ in rows]
    _, out = pack(start(), make_samples(marked), [], make_payloads(10), SETTINGS)
    where: dict[tuple[str, float], int] = {}
    for line, frame in frames_of(out):
        assert len(frame) <= 7
        assert frame.ingest_ms == 1_000 + 10 * max(frame.v)
        for value in set(frame.v.tolist()):
            assert where.setdefault((line, value), frame.number) == frame.number


@given(ROWS)
def test_rows_of_a_frame_are_in_order_of_unit_metric_and_time_stable_in_order_of_receipt(rows: list[Row]) -> None:
    ordered = [(payload, name, float(i), t, -1, 0) for i, (payload, name, _, t, _, _) in enumerate(sorted(rows))]
    _, out = pack(start(), make_samples(ordered), [], make_payloads(10), GatewaySettings(frozen_after=1_000))
    for _, frame in frames_of(out):
        keys = [(*frame.names[i][:2], int(t), v) for i, t, v in zip(frame.index, frame.t, frame.v, strict=True)]
        assert keys == sorted(keys)


@given(ROWS)
def test_texts_and_sequence_numbers_stay_with_their_rows(rows: list[Row]) -> None:
    numbered = [(payload, name, float(i), t, text, seq) for i, (payload, name, _, t, text, seq) in enumerate(rows)]
    _, out = pack(start(), make_samples(numbered), [], make_payloads(10), GatewaySettings(frozen_after=1_000))
    for _, frame in frames_of(out):
        for row, v in enumerate(frame.v):
            _, name, _, _, text, seq = numbered[int(v)]
            code = NO_TEXT if frame.text is None else int(frame.text[row])
            said = None if code == NO_TEXT else frame.texts[code]
            assert said == (None if text < 0 else TEXTS[text].replace("\x1e", "\ufffd"))
            assert (0 if frame.seq is None else int(frame.seq[row])) == seq
            assert frame.names[frame.index[row]] == NAMES[name][1:]


def test_a_payload_of_too_many_rows_becomes_one_reject_that_counts_them_all() -> None:
    rows: list[Row] = [(1, 0, float(i), i, -1, 0) for i in range(8)] + [(0, 0, 1.0, 0, -1, 0), (1, 2, 1.0, 0, -1, 0)]
    _, out = pack(start(), make_samples(rows), [], make_payloads(2, body=b"x" * 5_000), SETTINGS)
    counted = {line: (len(frame), frame.rejects) for line, frame in frames_of(out)}
    assert counted == {"s/l1": (1, 8), "s/l2": (1, 0)}
    [reject] = rejects_of(out)
    assert dict(reject.headers)["reason"] == b"too_large"
    assert reject.value.startswith(b"sha256 ")
    assert len(reject.value) < 1_200


def test_a_reject_keeps_its_topic_and_bytes_and_one_without_a_line_is_declared_under_the_pseudo_line() -> None:
    payloads = [Payload("spam/\ud800", b"\xff{", 5)]
    _, out = pack(start(), make_samples([]), [Reject(0, "", "bad_topic", "topic: no", 1)], payloads)
    [(line, frame)] = frames_of(out)
    assert (line, len(frame), frame.rejects, frame.ingest_ms) == ("_unassigned", 0, 1, 5)
    [reject] = rejects_of(out)
    assert (reject.key, reject.value) == (b"spam/?", b"\xff{")
    assert dict(reject.headers) == {
        "reason": b"bad_topic", "sentence": b"topic: no", "line": b"_unassigned", "samples": b"1", "receipt_ms": b"5",
        "gateway": b"gw-1",
    }  # fmt: skip


def test_a_heartbeat_comes_each_second_for_a_line_that_had_nothing_else_and_for_the_pseudo_line_once_seen() -> None:
    state, _ = configuration(start(), [LineConfig(path="s/l9")], 999)
    state, _ = pack(state, make_samples([(0, 0, 1.0, 0, -1, 0)]), [], make_payloads(1))
    state, _ = pack(state, make_samples([]), [Reject(0, "", "bad_topic", "no", 1)], make_payloads(1))
    state, out = heartbeats(state, 1_999)
    assert [(line, frame.kind, frame.number) for line, frame in frames_of(out)] == [("s/l9", Kind.HEARTBEAT, 2)]
    state, out = heartbeats(state, 2_000)
    assert [(line, frame.number, frame.total_rows) for line, frame in frames_of(out)] == [
        ("s/l1", 2, 1),
        ("_unassigned", 2, 0),
    ]
    assert heartbeats(state, 2_000)[1] == []
    assert heartbeats(state, 2_999, {"s/l9"})[1] == []
    assert [line for line, _ in frames_of(heartbeats(state, 2_999)[1])] == ["s/l9"]


@given(st.lists(st.tuples(st.sampled_from(["pack", "beat", "line"]), st.integers(-2_500, 1_200), st.integers(0, 4))))
def test_a_line_gets_its_heartbeat_no_later_for_not_being_looked_at_in_each_turn(
    steps: list[tuple[str, int, int]],
) -> None:
    state, now = start(), 1_000_000
    for what, moved, which in steps:
        now += moved if what == "beat" else abs(moved) // 9
        if what == "pack":
            late = now - 50 * which
            state, _ = pack(state, make_samples([(0, which, 1.0, 0, -1, 0)]), [], make_payloads(1, late))
        elif what == "line":
            state, _ = configuration(state, [LineConfig(path=f"s/l{which}")], now)
        else:
            looked, wanted = heartbeats(replace(state, beat_ms=0), now)
            state, out = heartbeats(state, now)
            assert (out, state.lines) == (wanted, looked.lines)


def test_a_clock_that_falls_back_does_not_silence_a_line() -> None:
    state, _ = configuration(start(), [LineConfig(path="s/l1")], 10_000_000)
    _, out = heartbeats(state, 5_000)
    assert len(out) == 1


HOUR = 3_600_000


def behind_by_an_hour() -> GatewayState:
    """Our clock said 1000 when the log said 3601000."""
    return replace(start(), time=LogTime(60_000).learn(1_000, 1_000, 1_000 + HOUR))


def test_while_our_clock_is_off_everything_that_is_stamped_has_the_log_s_time() -> None:
    samples = make_samples([(i, 0, float(i), 77, -1, 0) for i in range(12)] + [(12, 2, 1.0, 1_120, -1, 0)])
    samples.flags[12] = UNDATED
    reject = Reject(13, "s/l3", "bad_json", "no")
    state, out = pack(behind_by_an_hour(), samples, [reject], make_payloads(14))
    frames = dict(frames_of(out))
    assert {line: frame.ingest_ms - HOUR for line, frame in frames.items()} == {
        "s/l1": 1_110, "s/l2": 1_120, "s/l3": 1_130,
    }  # fmt: skip
    assert frames["s/l1"].t.tolist() == [77] * 9 + [HOUR + 1_090 + 10 * i for i in range(3)]
    assert frames["s/l2"].t.tolist() == [HOUR + 1_120]
    [record] = rejects_of(out)
    assert dict(record.headers)["receipt_ms"] == b"%d" % (HOUR + 1_130)
    _, [beat] = heartbeats(state, 2_110)
    assert (beat.key, decode(beat.value).ingest_ms) == (b"s/l1", HOUR + 2_110)
    assert {frame.ingest_ms for _, frame in frames_of(end(state, 2_200)[1])} == {HOUR + 2_200}


def test_lines_beat_by_our_own_clock_while_the_log_s_time_stands_still() -> None:
    state, _ = configuration(behind_by_an_hour(), [LineConfig(path="s/l1")], 1_000)
    beats = []
    for now in range(1_000, 6_000, 250):
        state, out = heartbeats(replace(state, time=state.time.learn(now, now, 1_000 + HOUR)), now)
        beats += [(now, frame.ingest_ms) for _, frame in frames_of(out)]
    assert beats == [(now, 1_000 + HOUR) for now in (2_000, 3_000, 4_000, 5_000)]


def test_a_configuration_record_is_numbered_like_any_other_and_end_is_a_flag_of_the_last_frame() -> None:
    line = LineConfig(path="s/l1")
    state, [first] = configuration(start(), [line], 900)
    frame = decode(first.value)
    assert (first.key, frame.kind, frame.number, frame.body) == (b"s/l1", Kind.CONFIGURATION, 1, line.to_json())
    state, _ = pack(state, make_samples([(0, 0, 1.0, 0, -1, 0)]), [], make_payloads(1))
    _, [last] = end(state, 1_001)
    frame = decode(last.value)
    assert (frame.flags, frame.number, frame.total_rows) == (END, 3, 1)


def test_ten_thousand_lines_are_configured_in_one_go() -> None:
    lines = [LineConfig(path=f"s/l{i}") for i in range(10_000)]
    state, out = configuration(start(), lines, 900)
    assert [record.key.decode() for record in out] == list(state.lines) == [line.path for line in lines]
    assert {totals.number for totals in state.lines.values()} == {1}


@pytest.mark.parametrize("cuts", [[15], [1] * 15, [4, 11], [9, 1, 5]])
def test_a_clock_that_stands_still_under_changing_values_gives_way_to_the_time_of_receipt(cuts: list[int]) -> None:
    state, value, seen = start(), 0, []
    for size in cuts:
        rows: list[Row] = [(i, 0, float(value + i), 77, -1, 0) for i in range(size)]
        state, out = pack(state, make_samples(rows), [], make_payloads(size, 1_000 + 10 * value))
        for _, frame in frames_of(out):
            flags = [0] * len(frame) if frame.row_flags is None else frame.row_flags.tolist()
            seen += sorted(zip(frame.v.tolist(), frame.t.tolist(), flags, strict=True))
        value += size
    assert [t for _, t, _ in seen] == [77] * 9 + [1_000 + 10 * i for i in range(9, 15)]
    assert [flags for _, _, flags in seen] == [0] * 9 + [FROZEN] * 6


@pytest.mark.parametrize(
    "rows",
    [
        [(i, 0, 5.0, 77, -1, 0) for i in range(30)],  # repeats
        [(i, 0, float(i), 77, -1, i + 1) for i in range(30)],  # ordered by seq
        [(i, 0, float(i), i // 9, -1, 0) for i in range(30)],  # moves on in time
        [(i, (0, 2)[i % 2], float(i // 2), 77, -1, 0) for i in range(18)],  # nine of each series
    ],
)
def test_a_clock_is_not_taken_for_frozen_without_cause(rows: list[Row]) -> None:
    _, out = pack(start(), make_samples(rows), [], make_payloads(30))
    assert all(frame.row_flags is None for _, frame in frames_of(out))


def test_text_values_that_change_under_one_stamp_show_a_frozen_clock_and_undated_rows_never_do() -> None:
    samples = make_samples([(i, 3, float("nan"), 77, i % 2, 0) for i in range(12)])
    _, out = pack(start(), samples, [], make_payloads(12))
    [(_, frame)] = frames_of(out)
    assert sorted(frame.t.tolist()) == [77] * 9 + [1_090, 1_100, 1_110]
    samples.flags[:] = UNDATED
    _, out = pack(start(), samples, [], make_payloads(12))
    [(_, frame)] = frames_of(out)
    assert set(frame.t.tolist()) == {77}
