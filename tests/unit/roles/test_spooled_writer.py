"""A gateway's records while the log comes and goes: nothing acknowledged is lost, nothing is doubled, order is kept."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.memory import MemoryLog
from connectors.spool import Spool
from pipeline.core.errors import DiskTrouble, Unavailable
from pipeline.core.frames import SPOOLED, Frame, Kind, decode, encode
from pipeline.core.ports import Outgoing, Record
from pipeline.roles.spooled_writer import LOOK_S, SpoolBounds, SpooledWriter
from pipeline.runtime.instruments import Instruments
from pipeline.steps.spooling import Standing
from tests.hand_clock import HandClock

T0 = 1_780_000_000_000
LINES = ("s/l1", "s/l2", "s/l3")
MIB = 1 << 20


@dataclass
class Seconds:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Gate:
    """One gateway's way into a log in memory; `crash` leaves what a killed process leaves."""

    folder: Path
    log: MemoryLog
    clock: HandClock
    bounds: SpoolBounds = field(default_factory=SpoolBounds)
    name: str = "gw"
    instruments: Instruments = field(default_factory=Instruments)
    seconds: Seconds = field(default_factory=Seconds)
    boot: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    written: list[tuple[int, str, int]] = field(default_factory=list)
    acked: int = 0

    def __post_init__(self) -> None:
        self.log.ensure({"samples.v1": 1, "rejects.v1": 1})
        self.open()

    def open(self) -> None:
        self.boot, self.numbers = self.boot + 1, {}
        self.written = self.written[: self.acked]  # the rest was never acknowledged
        self.spool = Spool(self.folder / f"{self.name}.sqlite", self.clock)
        self.writer = SpooledWriter(
            self.log.writer(), self.spool, bounds=self.bounds, clock=self.clock, instruments=self.instruments,
            seconds=self.seconds,
        )  # fmt: skip

    def crash(self) -> None:
        """The disk as it is, nothing flushed, nothing said to the log."""
        with tempfile.TemporaryDirectory() as elsewhere:
            names = [path for path in self.folder.iterdir() if path.name.startswith(f"{self.name}.sqlite")]
            for path in names:
                shutil.copy(path, elsewhere)
            self.spool.close()
            for path in Path(elsewhere).iterdir():
                shutil.copy(path, self.folder)
        self.open()

    def frame(self, line: str, rows: int = 0) -> Outgoing:
        self.numbers[line] = number = self.numbers.get(line, 0) + 1
        self.written.append((self.boot, line, number))
        made = Frame(Kind.HEARTBEAT, 0, rows, self.clock.now_ms(), self.name, self.boot, number, 0, 0)
        return Outgoing("samples.v1", line.encode(), encode(made))

    def write(self, *lines: str) -> None:
        self.writer.write([self.frame(line) for line in lines])

    def flush(self) -> bool:
        """Whether all that was written may be acknowledged."""
        try:
            self.writer.flush()
        except Unavailable:
            return False
        self.acked = len(self.written)
        return True

    def send(self, *lines: str) -> None:
        self.write(*lines)
        assert self.flush()

    def go_away(self) -> None:
        self.log.is_away = True
        self.write("s/l0")
        assert not self.flush()
        self.seconds.now += self.bounds.after_s
        assert self.flush()
        assert self.writer.state.is_away

    def come_back(self) -> None:
        self.log.is_away = False
        self.seconds.now += LOOK_S
        assert self.flush()

    def drain(self) -> None:
        self.log.is_away = False
        for _ in range(10_000):
            self.seconds.now += LOOK_S
            self.flush()
            if not self.writer.state.lanes and not self.writer.state.is_away:
                return
        raise AssertionError(self.writer.state)

    def records(self, topic: str = "samples.v1") -> list[Record]:
        return [record for partition in self.log.topics[topic] for record in partition]

    def frames(self) -> list[tuple[str, Frame]]:
        found = [(record.key.decode(), decode(record.value)) for record in self.records()]
        return [(line, frame) for line, frame in found if frame.gateway == self.name]

    def in_log(self) -> list[tuple[int, str, int]]:
        return [(frame.boot, line, frame.number) for line, frame in self.frames()]

    def on_disk(self) -> list[tuple[int, str, int]]:
        kept = [one.record for lane in self.writer.state.lanes for one in self.spool.waiting(lane)]
        frames = [(one.key.decode(), decode(one.value)) for one in kept if one.topic == "samples.v1"]
        return [(frame.boot, line, frame.number) for line, frame in frames]

    def value(self, name: str) -> float | None:
        return self.instruments.registry.get_sample_value(f"parkpulse_{name}")


@contextmanager
def gate_in(folder: Path, bounds: SpoolBounds | None = None) -> Iterator[Gate]:
    clock = HandClock(T0)
    found = Gate(folder, MemoryLog(clock), clock, bounds or SpoolBounds())
    yield found
    found.writer.close()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with gate_in(tmp_path) as found:
        yield found


def test_while_the_log_is_there_nothing_touches_the_disk_and_its_time_is_told(gate: Gate) -> None:
    gate.clock.now += 5
    gate.write(*LINES)
    assert gate.writer.flush() == gate.clock.now
    assert (gate.on_disk(), gate.writer.oldest_ms, gate.writer.trouble) == ([], 0, "")
    assert all(frame.flags == 0 for _, frame in gate.frames())


def test_a_short_trouble_is_waited_out_and_a_long_one_goes_to_the_disk(gate: Gate) -> None:
    gate.log.is_away = True
    gate.write("s/l1")
    for _ in range(3):
        assert not gate.flush()
        gate.seconds.now += gate.bounds.after_s / 4
    assert gate.on_disk() == []
    gate.seconds.now += gate.bounds.after_s / 4
    assert gate.flush()
    assert gate.on_disk() == [(1, "s/l1", 1)]
    assert gate.writer.trouble == (
        "log: away; the records wait; what comes is kept in the spool meanwhile, and acknowledged"
    )


def test_row_06_what_came_while_the_log_was_away_follows_once_in_order_flagged_and_else_as_it_was(gate: Gate) -> None:
    gate.send(*LINES)
    gate.go_away()
    for _ in range(5):
        gate.clock.now += 1_000
        gate.send(*LINES)
    assert len(gate.in_log()) == 3
    assert len(gate.on_disk()) == 16
    gate.come_back()
    gate.drain()
    gate.send(*LINES)
    assert gate.in_log() == sorted(gate.in_log(), key=lambda one: one[2])
    assert sorted(gate.in_log()) == sorted(gate.written)
    spooled = {(line, frame.number) for line, frame in gate.frames() if frame.flags & SPOOLED}
    assert spooled == {(line, number) for line in LINES for number in range(2, 7)}
    assert {frame.ingest_ms for line, frame in gate.frames() if line == "s/l1" and frame.flags} == {
        T0 + 1_000 * n for n in range(1, 6)
    }
    assert (gate.writer.trouble, gate.writer.oldest_ms) == ("", 0)


def test_a_line_with_something_in_the_spool_writes_nothing_live_and_the_others_at_once(tmp_path: Path) -> None:
    with gate_in(tmp_path, SpoolBounds(drain=400)) as gate:
        gate.go_away()
        for _ in range(20):
            gate.send("s/l1")
        gate.come_back()
        before = len(gate.in_log())
        gate.send("s/l1", "s/l2")
        assert gate.writer.state.standing(b"s/l1") == Standing.SPOOLED
        new = gate.in_log()[before:]
        assert (1, "s/l2", 1) in new
        assert (1, "s/l1", 21) not in new
        assert "s/l1" in gate.writer.lines
        assert "s/l2" not in gate.writer.lines
        gate.drain()
        assert [number for _, line, number in gate.in_log() if line == "s/l1"] == list(range(1, 22))
        assert gate.writer.state.standing(b"s/l1") == Standing.LIVE


def test_the_drain_takes_no_more_than_its_bytes_a_second_and_lines_take_turns(tmp_path: Path) -> None:
    with gate_in(tmp_path, SpoolBounds(drain=1_000)) as gate:
        gate.go_away()
        for _ in range(30):
            gate.send("s/l1", "s/l1", "s/l1", "s/l2")
        gate.come_back()
        begun = gate.seconds.now
        while gate.writer.state.lanes:
            gate.seconds.now += 0.25
            assert gate.flush()
            now = sum(1 for _, frame in gate.frames() if frame.flags & SPOOLED)
            size = len(gate.frame("s/l9").value) + 2 * len("s/l9") + 64
            assert now * size <= 1_000 * (gate.seconds.now - begun + 1) + size
        drained = [line for _, line, _ in gate.in_log() if line != "s/l0"]
        assert max(at for at, line in enumerate(drained) if line == "s/l2") < 64  # of 120; 30 of them are its own


def test_what_the_log_was_given_and_has_not_confirmed_is_not_given_again(tmp_path: Path) -> None:
    with gate_in(tmp_path, SpoolBounds(drain=500)) as gate:
        gate.go_away()
        for _ in range(20):
            gate.send(*LINES)
        gate.come_back()
        gate.log.is_away = True
        for _ in range(4):  # a trouble too short for the disk
            gate.seconds.now += 1.0
            assert not gate.flush()
            assert any(gate.writer.state.standing(line.encode()) == Standing.DRAINING for line in LINES)
        gate.drain()
        assert sorted(gate.in_log()) == sorted(gate.written)


def test_the_time_of_a_log_that_was_away_is_not_taken_for_that_of_what_was_just_written(gate: Gate) -> None:
    gate.go_away()
    gate.log.is_away = False
    gate.seconds.now += LOOK_S
    gate.write("s/l1")
    assert gate.writer.flush() == 0  # it may have been appended any time ago
    gate.write("s/l1")
    assert gate.writer.flush() == gate.clock.now


def test_rejects_wait_and_follow_too_and_stay_as_they_are(gate: Gate) -> None:
    gate.go_away()
    reject = Outgoing("rejects.v1", b"a/topic", b"PPF1 no frame", (("reason", b"bad_json"),))
    gate.writer.write([reject])
    assert gate.flush()
    gate.drain()
    (found,) = gate.records("rejects.v1")
    assert (found.key, found.value, found.headers) == (reject.key, reject.value, reject.headers)


def test_after_a_kill_the_spool_drains_before_the_new_boot_writes_its_lines_live(gate: Gate) -> None:
    gate.send(*LINES)
    gate.go_away()
    gate.send(*LINES)
    gate.log.is_away = True
    gate.crash()
    gate.log.is_away = False
    gate.send(*LINES, "s/l4")
    gate.drain()
    assert gate.in_log()[3:] == [*gate.in_log()[3:4], *[one for one in gate.in_log()[4:] if one[0] == 1], *[
        one for one in gate.in_log()[4:] if one[0] == 2]]  # fmt: skip
    for line in LINES:
        assert [one for one in gate.in_log() if one[1] == line] == [(1, line, 1), (1, line, 2), (2, line, 1)]


@pytest.mark.parametrize("between", ["spool and acknowledgement", "log and spool"])
def test_row_16_a_kill_between_two_steps_repeats_at_most_and_loses_nothing(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    gate.send(*LINES)
    gate.go_away()
    gate.send(*LINES)
    promised = [*gate.written]
    if between == "log and spool":
        gate.log.is_away = False
        gate.seconds.now += LOOK_S

        def killed(_places: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(gate.spool, "drop", killed)
        with pytest.raises(KeyboardInterrupt):
            gate.writer.flush()
    gate.crash()
    gate.drain()
    assert set(gate.in_log()) == set(promised)
    repeated = len(gate.in_log()) - len(promised)
    assert repeated == (1 if between == "log and spool" else 0)  # the one that was on its way when the log went


def test_a_full_spool_stops_the_acknowledgements_until_it_has_drained(tmp_path: Path) -> None:
    with gate_in(tmp_path, SpoolBounds(size=1_000)) as gate:
        gate.go_away()
        while gate.flush():
            gate.write("s/l1")
        assert gate.acked == len(gate.written) - 1
        with pytest.raises(Unavailable, match=r"^spool: full; got more than gateway.spool.size, 1000 bytes;"):
            gate.writer.flush()
        gate.log.is_away = False
        gate.seconds.now += LOOK_S
        assert gate.flush()
        gate.drain()
        assert sorted(gate.in_log()) == sorted(gate.written)
        assert gate.value("spool_dropped_samples_total") == 0


def test_a_spool_that_is_too_old_stops_the_acknowledgements_while_the_log_is_away(tmp_path: Path) -> None:
    with gate_in(tmp_path, SpoolBounds(age_ms=3_600_000)) as gate:
        gate.go_away()
        gate.clock.now += 3_600_001
        gate.write("s/l1")
        with pytest.raises(Unavailable, match=r"^spool: full; got more than gateway.spool.age, 1 h;"):
            gate.writer.flush()
        gate.log.is_away = False
        gate.seconds.now += LOOK_S
        assert gate.flush()
        assert sorted(gate.in_log()) == sorted(gate.written)


@pytest.mark.parametrize("too_much", ["bytes", "age"])
def test_drop_oldest_lets_go_of_the_oldest_counts_them_and_goes_on(
    tmp_path: Path, too_much: str, caplog: pytest.LogCaptureFixture
) -> None:
    size = 1_000 if too_much == "bytes" else MIB
    with gate_in(tmp_path, SpoolBounds(size=size, age_ms=3_600_000, drops_oldest=True)) as gate:
        gate.go_away()
        for _ in range(20):
            gate.clock.now += 600_000 if too_much == "age" else 1
            gate.send("s/l1")
        kept = [number for _, line, number in gate.on_disk() if line == "s/l1"]
        assert kept == list(range(kept[0], 21))
        assert kept[0] > 5
        assert "is full: its oldest are let go" in caplog.text
        gate.drain()
        numbers = [number for _, line, number in gate.in_log() if line == "s/l1"]
        assert numbers == kept  # a hole in the numbers: the ledger's gap


def test_row_17_a_full_disk_stops_the_acknowledgements_and_all_goes_on_when_there_is_room(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.go_away()
    gate.send(*LINES)
    append = gate.spool.append

    def full(_records: object) -> None:
        raise DiskTrouble(gate.spool.path, "the disk is full", is_full=True)

    monkeypatch.setattr(gate.spool, "append", full)
    gate.write(*LINES)
    for _ in range(3):
        with pytest.raises(DiskTrouble):
            gate.writer.flush()
    monkeypatch.setattr(gate.spool, "append", append)
    assert gate.flush()
    gate.drain()
    assert gate.in_log() == gate.written[:1] + sorted(gate.written[1:], key=lambda one: one[2])
    assert len(gate.in_log()) == len(gate.written)


def test_row_17_a_spool_on_a_full_disk_still_drains_and_so_goes_on(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.go_away()
    gate.send(*LINES)

    def full(_records: object) -> None:
        raise DiskTrouble(gate.spool.path, "the disk is full", is_full=True)

    monkeypatch.setattr(gate.spool, "append", full)
    gate.write(*LINES)
    gate.log.is_away = False
    gate.drain()
    assert gate.flush()
    assert sorted(gate.in_log()) == sorted(gate.written)


def test_a_spool_found_damaged_is_put_aside_and_the_gateway_goes_on(
    gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    gate.go_away()
    for _ in range(300):
        gate.send(*LINES)
    gate.spool._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    gate.spool._db.execute("PRAGMA shrink_memory")
    with gate.spool.path.open("r+b") as file:
        file.seek(4096 * 4)
        file.write(b"\7" * (gate.spool.path.stat().st_size - 4096 * 8))
    gate.log.is_away = False
    for _ in range(20):
        gate.seconds.now += LOOK_S
        gate.flush()
    assert "held what is not in the log" in caplog.text
    assert "is put aside" in caplog.text
    assert len([path for path in gate.folder.iterdir() if ".aside-" in path.name]) >= 1
    gate.send("s/l4")
    assert gate.in_log()[-1] == (1, "s/l4", 1)


def test_two_gateways_on_one_line_lose_nothing_when_one_takes_over(tmp_path: Path) -> None:
    with gate_in(tmp_path) as old:
        new = Gate(tmp_path, old.log, old.clock, name="gw-2")
        old.send("s/l1")
        old.go_away()
        old.send("s/l1", "s/l1")
        old.log.is_away = False
        new.send("s/l1", "s/l1")
        assert [frame.number for _, frame in new.frames()] == [1, 2]
        old.drain()
        assert sorted(old.in_log()) == sorted(old.written)
        assert sorted(new.in_log()) == sorted(new.written)
        new.writer.close()


def test_what_waits_is_shown_in_bytes_records_and_age(gate: Gate) -> None:
    assert [gate.value(f"spool_{name}") for name in ("bytes", "records", "age_seconds")] == [0, 0, 0]
    gate.go_away()
    gate.send(*LINES)
    gate.clock.now += 90_000
    assert gate.value("spool_records") == 4
    assert gate.value("spool_age_seconds") == 90
    assert (gate.value("spool_bytes") or 0) > 4 * 64


STEPS: dict[str, Callable[[Gate], object]] = {
    "one": lambda gate: (gate.write("s/l1"), gate.flush()),
    "some": lambda gate: (gate.write("s/l2", "s/l1", "s/l2", "s/l3"), gate.flush()),
    "away": lambda gate: setattr(gate.log, "is_away", True),
    "back": lambda gate: setattr(gate.log, "is_away", False),
    "flush": lambda gate: gate.flush(),
    "later": lambda gate: setattr(gate.seconds, "now", gate.seconds.now + 3.0),
    "crash": lambda gate: gate.crash(),
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=40), st.sampled_from([300, 1_000, MIB]))
def test_whatever_comes_and_goes_nothing_acknowledged_is_lost_and_only_a_kill_repeats(
    steps: list[str], drain: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, gate_in(Path(folder), SpoolBounds(drain=drain)) as gate:
        for step in steps:
            STEPS[step](gate)
            assert set(gate.written[: gate.acked]) <= {*gate.in_log(), *gate.on_disk()}
        gate.drain()
        assert gate.flush()
        found = gate.in_log()
        assert set(gate.written) <= set(found)
        if "crash" not in steps:
            assert len(found) == len(gate.written)
        firsts = list(dict.fromkeys(found))
        for line in LINES:
            own = [one for one in firsts if one[1] == line]
            assert own == sorted(own)
