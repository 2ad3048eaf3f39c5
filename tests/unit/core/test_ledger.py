"""Numbers and totals of records (architecture, "The ledger"): holes, repeats, and the sum that always holds."""

import random
import sys
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.frames import Frame, Kind
from pipeline.core.ledger import COLUMN, HOUR_MS, Ledger
from pipeline.core.streams import MAX_HOLES, Headers


def frames(sizes, rejects=None, gateway="gw", boot=1, ingest_ms=0):
    """Records of one gateway in order, numbered and totalled."""
    out, total, refused = [], 0, 0
    for k, size in enumerate(sizes):
        lost = rejects[k] if rejects else 0
        total, refused = total + size, refused + lost
        zeros = np.zeros(size, np.int64)
        rows = {"index": zeros.astype(np.uint16), "t": zeros, "v": zeros.astype(np.float64)}
        out.append(Frame(Kind.DATA, 0, lost, ingest_ms, gateway, boot, k + 1, total, refused, **rows))
    return out


def received(ledger, records, append_ms=0, line=0):
    def column(told):
        return np.array([told(frame) for frame in records], np.int64)

    headers = Headers(
        column(lambda f: ledger.streams.code(line, f.gateway, f.boot)), column(len), column(lambda f: f.number),
        column(lambda f: f.total_rows), column(lambda f: f.rejects), column(lambda f: f.total_rejects),
        column(lambda f: f.gateway != "") != 0,
    )  # fmt: skip
    ingest, append = column(lambda f: f.ingest_ms), np.full(len(records), append_ms)
    return ledger.receive(headers, ingest, append, lambda k: (line, records[k].gateway))[1].tolist()


def noted(records, ledger=None):
    ledger = ledger or Ledger()
    return ledger, [received(ledger, [frame])[0] for frame in records]


def total(ledger, name):
    return int(ledger.counts[:, COLUMN[name]].sum())


def test_rows_and_rejects_of_a_record_are_received_and_its_rejects_rejected():
    ledger, _ = noted(frames([5, 0, 3], [1, 2, 0]))
    assert (total(ledger, "received"), total(ledger, "rejected"), total(ledger, "gap")) == (11, 3, 0)


def test_a_missing_number_is_a_gap_of_what_its_totals_say_it_held():
    a, _, _, d = frames([5, 7, 2, 3], [0, 1, 0, 0])
    ledger, repeats = noted([a, d])
    assert total(ledger, "gap") == 10
    assert repeats == [False, False]


def test_a_missing_heartbeat_is_no_gap():
    a, _, c = frames([5, 0, 3])
    assert total(noted([a, c])[0], "gap") == 0


def test_a_number_that_fills_a_hole_counts_and_takes_its_share_of_the_gap_back():
    a, b, c, d = frames([5, 7, 2, 3], [0, 1, 0, 0])
    ledger, repeats = noted([a, d, b])
    assert (total(ledger, "gap"), total(ledger, "received"), repeats[-1]) == (2, 16, False)
    noted([c], ledger)
    assert total(ledger, "gap") == 0


def test_a_repeated_record_is_known_and_its_rejects_are_not_counted_again():
    a, b = frames([5, 7], [0, 2])
    ledger, repeats = noted([a, b, b, a])
    assert repeats == [False, False, True, True]
    assert total(ledger, "rejected") == 2
    assert total(ledger, "received") == 5 + 7 + 2 + 7 + 5


def test_a_record_that_filled_a_hole_is_a_repeat_when_it_comes_again():
    a, b, c = frames([5, 7, 2])
    assert noted([a, c, b, b])[1] == [False, False, False, True]


def test_a_new_boot_numbers_from_one_without_a_gap():
    ledger, repeats = noted([*frames([5, 7]), *frames([4], boot=2)])
    assert (total(ledger, "gap"), repeats) == (0, [False, False, False])


def test_each_gateway_and_hour_has_a_row_of_its_own():
    ledger, _ = noted([*frames([5]), *frames([4], gateway="other"), *frames([3], boot=2, ingest_ms=HOUR_MS)])
    assert ledger.counts[:3, COLUMN["received"]].tolist() == [5, 4, 3]


def test_rows_not_settled_yet_are_waiting():
    ledger, _ = noted(frames([5]))
    ledger.add("stored", np.array([0, 0, 0], np.int32))
    [said] = ledger.changed([0]).counts
    assert (said[COLUMN["received"]], said[COLUMN["stored"]], said[COLUMN["waiting"]]) == (5, 3, 2)


def test_what_was_said_and_did_not_change_is_not_said_again():
    ledger, _ = noted(frames([5]))
    said = ledger.changed([0])
    assert ledger.say(said, np.zeros(1, np.int64)).tolist() == [False]
    assert len(ledger.changed([0]).row) == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=2, max_size=25), st.integers(0, 10**6))
def test_the_gap_is_what_never_came_however_records_are_lost_swapped_and_repeated(sizes, seed):
    r = random.Random(seed)
    records = frames([s for s, _ in sizes], [n for _, n in sizes])
    kept = [k for k in range(len(records) - 1) if r.random() < 0.8]
    mixed = sorted((*kept, *r.sample(kept, len(kept) // 3)), key=lambda k: k + r.randrange(4))
    order = [*mixed, len(records) - 1]
    ledger, repeats = noted([records[k] for k in order])
    assert total(ledger, "gap") == sum(sum(sizes[k]) for k in range(len(sizes) - 1) if k not in kept)
    assert repeats == [k in order[:i] for i, k in enumerate(order)]
    at_once = Ledger()
    assert received(at_once, [records[k] for k in order]) == repeats
    assert at_once.changed([0]).counts.tolist() == ledger.changed([0]).counts.tolist()
    assert total(ledger, "rejected") == sum(sizes[k][1] for k in set(order))


def numbered(*numbers):
    """Records with these numbers of a stream whose every record holds one row."""
    one = {"index": np.zeros(1, np.uint16), "t": np.zeros(1, np.int64), "v": np.zeros(1)}
    return [Frame(Kind.DATA, 0, 0, 0, "gw", 1, number, number, 0, **one) for number in numbers]


def test_a_hole_of_millions_of_records_is_one_thing_to_remember_and_each_of_them_may_still_come():
    last = 50_000_000
    ledger, _ = noted(numbered(1, last))
    assert (total(ledger, "gap"), ledger.streams.holes[0]) == (last - 2, [(2, last - 1, 0)])
    assert noted(numbered(2, 2, 777, 777, last - 1, last - 1), ledger)[1] == [False, True] * 3
    assert (total(ledger, "gap"), ledger.streams.holes[0]) == (last - 5, [(3, 776, 0), (778, last - 2, 0)])


def test_of_too_many_holes_the_oldest_are_forgotten_and_stay_missing():
    ledger, many = Ledger(), MAX_HOLES + 10
    received(ledger, numbered(*range(2, 2 * many + 2, 2)))
    assert (total(ledger, "gap"), len(ledger.streams.holes[0])) == (many, MAX_HOLES)
    assert received(ledger, numbered(19, 21)) == [True, False]
    assert (total(ledger, "gap"), len(ledger.streams.holes[0])) == (many - 1, MAX_HOLES - 1)
    assert received(ledger, numbered(2 * many + 101, 2 * many + 50)) == [False, False]
    assert (total(ledger, "gap"), len(ledger.streams.holes[0])) == (many + 98, MAX_HOLES)


def test_hours_that_are_long_over_are_given_up_and_their_rows_used_again():
    ledger = Ledger()
    hour = 3_600_000
    for k in range(200):
        frame = Frame(Kind.HEARTBEAT, 0, 0, k * hour, "gw", 1, k + 1, 0, 0)
        received(ledger, [frame], k * hour)
        said = ledger.changed([0])
        ledger.say(said, np.full(len(said.row), k * hour))
        ledger.retire(0, (k - 72) * hour)
    assert len(ledger.keys) == len(ledger.open[0]) <= 75
    assert len(ledger.counts) <= 128
    assert set(ledger.named) == set(ledger.keys.values())


def test_a_first_boot_with_its_clock_days_ahead_leaves_no_gap_in_the_next_one():
    ledger, (ahead,) = Ledger(), frames([1], boot=10 * 24 * HOUR_MS)
    received(ledger, [ahead])
    for hour, frame in enumerate(frames([1] * 100, boot=1)):
        ledger.retire(0, (hour - 72) * HOUR_MS)
        received(ledger, [frame], hour * HOUR_MS)
        assert total(ledger, "gap") == 0


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 40)), min_size=1, max_size=60))
def test_a_boot_is_given_up_72_h_after_it_was_heard_but_never_the_one_heard_last(heard):
    ledger, sent, now = Ledger(), {}, 0
    for boot, hours in heard:
        now += hours * HOUR_MS
        sent[boot] = sent.get(boot, 0) + 1
        received(ledger, [Frame(Kind.HEARTBEAT, 0, 0, now, "gw", boot, sent[boot], 0, 0)], now)
        ledger.retire(0, now - 72 * HOUR_MS)
    last = {boot: k for k, (boot, _) in enumerate(heard)}
    known = {boot for boot, k in last.items() if sum(hours for _, hours in heard[k + 1 :]) <= 72}
    assert newest(ledger) == {boot: sent[boot] for boot in known}
    ledger.retire(0, now + 1)
    assert heard[-1][0] in newest(ledger)


def newest(ledger):
    """Newest number by boot of the gateway of line 0."""
    streams = ledger.streams
    return {boot: int(streams.number[code]) for (_, boot), code in streams.codes.get(0, {}).items()}


def test_giving_up_hours_of_a_line_costs_the_same_however_many_other_lines_there_are():
    taken = []
    for others in (1, 300):
        ledger, records = Ledger(), frames([1, 1])
        for line in range(others + 1):
            received(ledger, records, line=line)
        taken.append(steps(lambda ledger=ledger: ledger.retire(0, 10 * HOUR_MS)))
    assert taken[0] == taken[1] > 0


def steps(work):
    """How many instructions of Python something takes."""
    counted, before = [], sys.gettrace()

    def trace(frame, event, _):
        frame.f_trace_opcodes = True
        counted.append(event)
        return trace

    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return counted.count("opcode")


def test_of_several_lines_each_says_its_own_rows_in_the_order_asked_for():
    ledger = Ledger()
    received(ledger, frames([5]), line=3)
    received(ledger, [*frames([4]), *frames([2], gateway="other")], line=1)
    said = ledger.changed([1, 2, 3])
    assert [(int(at), int(counts[0])) for at, counts in zip(said.at, said.counts, strict=True)] == [
        (0, 4),
        (0, 2),
        (2, 5),
    ]
    ledger.say(said, np.full(3, 7))
    received(ledger, frames([4, 6])[1:], line=1)
    said = ledger.changed([1, 3])
    assert (said.at.tolist(), said.counts[:, 0].tolist()) == ([0], [10])
    assert ledger.say(said, np.full(1, 8)).tolist() == [True]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(1, 9)), min_size=1, max_size=20))
def test_a_sample_is_booked_in_the_hour_of_its_receipt_however_records_are_cut(sent):
    streams = {
        gateway: frames([size for own, _, size in sent if own == gateway], None, f"gw-{gateway}")
        for gateway in range(3)
    }
    told = [(streams[gateway].pop(0), hour) for gateway, hour, _ in sent]
    records = [replace(frame, ingest_ms=hour * HOUR_MS) for frame, hour in told]
    at_once = Ledger()
    received(at_once, records)
    one_by_one = noted(records)[0]
    assert at_once.keys == one_by_one.keys
    assert at_once.counts.tolist() == one_by_one.counts.tolist()
