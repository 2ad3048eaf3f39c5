"""The benchmark of the chain, its parts: the load says what it claims to say, and a wrong window is found."""

import json
import socket

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bench.burst import METRICS, UNITS, Burst, Packets
from pipeline.bench.chain import CASES, begins
from pipeline.bench.chain_round import Window, code, compare
from pipeline.bench.loads import Mismatch
from pipeline.bench.plain_worker import GroupedWindows, PlainWindow
from pipeline.bench.publisher import Publishing

FIRST_MS = 1_780_000_000_000
SMALL = {1: Burst("a/b", 2, 1, 1_000, 23), 20: Burst("a/b", 2, 20, 100, 224), 100: Burst("a/b", 2, 100, 100, 240)}


def published(packet: bytes) -> tuple[str, int, bytes]:
    """Topic, number and body of a PUBLISH with QoS 1."""
    assert packet[0] == 0x32
    at, size, shift = 1, 0, 0
    while True:
        size |= (packet[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if packet[at - 1] < 0x80:
            break
    assert len(packet) == at + size
    length = int.from_bytes(packet[at : at + 2], "big")
    topic, rest = packet[at + 2 : at + 2 + length].decode(), packet[at + 2 + length :]
    return topic, int.from_bytes(rest[:2], "big"), rest[2:]


def said(packet: bytes) -> list[tuple[str, int, float]]:
    topic, _, body = published(packet)
    told = json.loads(body)
    name = topic.removeprefix("a/b/")
    if isinstance(told, dict):
        return [(name, told["timestamp_ms"], told["value"])]
    return [(f"{name}/{one['m']}", one["t"], one["v"]) for one in told]


@pytest.mark.parametrize("size", SMALL)
def test_the_packets_say_the_samples_of_the_burst_however_often_they_are_stamped(size: int) -> None:
    burst = SMALL[size]
    packets = Packets(burst)
    for first_ms in (FIRST_MS, FIRST_MS + 120_000):
        packets.stamp(first_ms)
        found = [sample for row in packets.bytes for sample in said(row.tobytes())]
        assert [code(name) for name, _, _ in found] == burst.series().reshape(-1).tolist()
        assert [t for _, t, _ in found] == burst.times(first_ms).reshape(-1).tolist()
        assert [round(v * 1000) for _, _, v in found] == burst.values().reshape(-1).tolist()
    assert [published(row.tobytes())[1] for row in packets.bytes] == list(range(1, burst.messages + 1))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_only_the_last_messages_of_each_series_make_the_last_windows_due(case) -> None:
    burst = case.burst("a/b", 1)
    times = burst.times(0)
    last = times[burst.messages - burst.senders :]
    assert times[: burst.messages - burst.senders].max() < 22_000 <= last.max(axis=1).min()
    assert len(np.unique(burst.series() * 1_000_000 + times)) == burst.samples == burst.ticks * UNITS * METRICS


@given(st.integers(1, 9))
def test_rounds_begin_40_s_behind_a_minute_and_share_none(rounds: int) -> None:
    found = begins(rounds)
    assert len(found) == rounds + 1
    assert {first % 60_000 for first in found} == {40_000}
    assert min(np.diff(found)) >= 120_000


def right(burst: Burst) -> list[Window]:
    """By a loop over the burst."""
    kept: dict[tuple[int, int, int], list[float]] = {}
    rows = zip(burst.series().reshape(-1), burst.times(FIRST_MS).reshape(-1), burst.values().reshape(-1), strict=True)
    for series, t, thousandths in rows:
        for width, start in ((10_000, FIRST_MS), (10_000, FIRST_MS + 10_000), (60_000, FIRST_MS - 40_000)):
            if start <= t < start + width:
                kept.setdefault((series, width, start), []).append(thousandths / 1000)
    return [
        Window(named(k), width, start, 0, len(v), min(v), max(v), v[-1], sum(v) / len(v))
        for (k, width, start), v in kept.items()
    ]


def named(series: int) -> str:
    unit, metric = divmod(series, METRICS)
    return f"park/line-{unit // UNITS:04}/unit-{unit % UNITS}/metric-{metric}"


@pytest.mark.parametrize("size", SMALL)
def test_right_windows_pass_and_one_that_is_lost_or_wrong_is_found(size: int) -> None:
    burst = SMALL[size]
    found = right(burst)
    compare(burst, FIRST_MS, found)
    one = found[7]
    for wrong in (one._replace(n=1), one._replace(mean=one.mean + 0.001), one._replace(last=0.0)):
        with pytest.raises(Mismatch, match="1 wrong"):
            compare(burst, FIRST_MS, [*found[:7], wrong, *found[8:]])
    with pytest.raises(Mismatch, match="1 of 240 windows missing"):
        compare(burst, FIRST_MS, [*found[:7], *found[8:]])
    with pytest.raises(Mismatch):
        compare(burst, FIRST_MS, [*found, one])


@pytest.mark.parametrize("size", SMALL)
def test_the_ordinary_worker_makes_the_same_windows(size: int) -> None:
    burst = SMALL[size]
    packets, windows, closed = Packets(burst), GroupedWindows(size == 1), list[bytes]()
    packets.stamp(FIRST_MS)
    records = [published(row.tobytes()) for row in packets.bytes]
    for k in range(0, len(records), 50):
        windows.take([(topic.encode(), body) for topic, _, body in records[k : k + 50]])
        closed += windows.closed()
    shown = [PlainWindow(**json.loads(one)) for one in closed]
    found = [
        Window(w.series.removeprefix("a/b/"), w.width, w.start, 0, w.n, w.min, w.max, w.last, w.mean) for w in shown
    ]
    compare(burst, FIRST_MS, found)


@pytest.mark.parametrize("order, said_so", [((1, 2), True), ((2, 1), False)])
def test_acknowledgements_out_of_order_are_seen(order: tuple[int, int], said_so: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"".join(b"\x40\x02" + one.to_bytes(2, "big") for one in order))
        assert Publishing(ours).await_acks(2) is said_so
