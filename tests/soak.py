"""Hours of the demo in virtual time, as fast as the machine goes: memory stays flat, the log quiet, nothing is lost.

`python -m tests.soak --hours 12` prints a row for each hour and exits 1 where a promise is broken; an hour takes about
three minutes and 0.6 GB of disk. Broker, roles, log, store and screen are those of `parkpulse demo`; only nobody waits
for the wall. Rule: memory is measured when all that was sent is stored, and judged behind a warm-up; the plant forgets
its book of truth, which is of the test and grows.
"""

import argparse
import gc
import io
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from pipeline.runtime.logs import setup
from pipeline.view.screen import PlainLines, watched
from pipeline.view.words import Words
from simulators import summary
from simulators.demo import Demo
from simulators.drive import PATIENCE_S
from simulators.plant import Plant
from tests.bundled import LINES

START_MS = 1_779_998_400_000  # 20:00 UTC, so that a day of the log ends on the way
STEP_MS, ROUND_MS, CHECKPOINT_MS, MARK_MS, HOUR_MS = 1000, 5000, 30_000, 60_000, 3_600_000
MOST_LOG_LINES = 10
LONG_MS, WARM_UP_MS = 4 * HOUR_MS, 2 * HOUR_MS
FLAT_KB, FLAT_BLOCKS = 1024, 10_000  # growth of a long run per hour
SHORT_KB, SHORT_BLOCKS = 80_000, 110_000  # of a short one, in which what is remembered for the horizon still fills up


class CountedLog(io.StringIO):
    """Where the log goes: every line is kept, for there are to be few."""

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


@dataclass(frozen=True)
class Mark:
    """How things stand at one moment of virtual time, everything sent being stored."""

    at_ms: int
    rss_kb: int
    blocks: int  # of Python's allocator: grows with every object that is kept
    log_lines: int
    sent: int
    gap: int


@dataclass
class Soak:
    """A run and what was seen of it; `told` are the ends of the samples, `unfit` what does not fit its faults."""

    marks: list[Mark] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    unfit: list[str] = field(default_factory=list)
    log: CountedLog = field(default_factory=CountedLog)
    seconds: float = 0.0

    def growth(self, name: str, warm_up_ms: int) -> float:
        """Of `rss_kb` or `blocks`, fitted, per virtual hour, behind the warm-up."""
        marks = [mark for mark in self.marks if mark.at_ms >= warm_up_ms]
        hours = np.array([mark.at_ms / HOUR_MS for mark in marks])
        return float(np.polyfit(hours, np.array([float(getattr(mark, name)) for mark in marks]), 1)[0])

    def broken(self, length_ms: int) -> list[str]:
        """The promises that this run, which has ended, did not keep."""
        warm_up_ms = min(WARM_UP_MS, length_ms // 3)
        bounds = (FLAT_KB, FLAT_BLOCKS) if length_ms >= LONG_MS else (SHORT_KB, SHORT_BLOCKS)
        slips = list(self.unfit)
        for name, bound in zip(("rss_kb", "blocks"), bounds, strict=True):
            if (grown := self.growth(name, warm_up_ms)) > bound:
                slips.append(f"memory grows: {name} by {grown:,.0f} an hour; expected at most {bound:,}")
        if len(self.log.lines) > MOST_LOG_LINES:
            slips += [f"{len(self.log.lines)} log lines; expected at most {MOST_LOG_LINES}", *self.log.lines[:20]]
        slips += [f"{name}: got {self.told[name]}; expected 0" for name in ("gap", "waiting") if self.told[name]]
        return slips


@dataclass
class Driven:
    """Moves a demo on in steps of a second, and never far ahead of what is stored."""

    run: Demo
    soak: Soak

    def __post_init__(self) -> None:
        self.ends = {topic: self.run.log.reader(topic, "") for topic in ("samples.v1", "results.v1", "alerts.v1")}

    def step(self) -> None:
        drive = self.run.drive
        until = drive.now_ms + STEP_MS
        messages = drive.plant.messages(drive.now_ms, until)
        drive.clock.advance(until)
        drive.publish(messages)
        drive.published += len(messages)
        drive.now_ms = until
        drive.await_durable(lambda: True)

    def checkpoint(self) -> None:
        """One is due now: the worker's own pace is the wall's."""
        self.run.park.roles["worker"].committer.saved_at = 0.0

    def settle(self) -> None:
        """Waits until everything that is in the log has gone its whole way."""
        patience = time.monotonic() + PATIENCE_S
        while not self._is_stored():
            if self.run.park.failed is not None:
                raise self.run.park.failed
            assert time.monotonic() < patience, "the chain stands still"
            self.run.clock.wait(0.001)

    def _is_stored(self) -> bool:
        end = {topic: reader.end_offset(0) for topic, reader in self.ends.items()}
        taken = [sum(self.run.park.roles["worker"].spoken_to.values()) >= end["samples.v1"]]
        taken += [
            self.run.park.roles[role].taken(topic) >= end[topic]
            for topic in ("results.v1", "alerts.v1")
            for role in ("historian", "notifier")
        ]
        return all(taken)

    def mark(self) -> None:
        forget_truth(self.run.plant)
        gc.collect()
        counted = summary.ledger_totals(self.run.store)
        at_ms = self.run.drive.now_ms - self.run.start_ms
        blocks, lines = sys.getallocatedblocks(), len(self.soak.log.lines)
        self.soak.marks.append(Mark(at_ms, rss_kb(), blocks, lines, self.run.plant.sent, counted["gap"]))

    def close(self) -> None:
        for reader in self.ends.values():
            reader.close()


def rss_kb() -> int:
    """Resident memory of this process (Linux)."""
    (line,) = [line for line in Path("/proc/self/status").read_text("utf-8").splitlines() if "VmRSS" in line]
    return int(line.split()[1])


def forget_truth(plant: Plant) -> None:
    """What is only kept for a comparison afterwards."""
    for truth in plant.truth.values():
        for unit in truth.units.values():
            unit.states.clear()
            unit.parts.clear()
            for counter in (unit.good, unit.reject, unit.energy):
                for column in (counter.times, counter.amounts, counter.readings):
                    column.clear()


def soaked(folder: Path, length_ms: int, seed: int = 1) -> Iterator[Soak]:
    """One run; the same object after each mark, and at last as it has ended."""
    found = Soak()
    began = time.monotonic()
    setup("INFO", found.log)
    with Demo(folder, START_MS, lambda begin: Plant(LINES, seed, begin), language="en") as run:
        screen = watched(run.config, run.log, run.clock, Words("en"), "soak")
        view = PlainLines(screen, lambda text: None)
        with closing(Driven(run, found)) as driven, closing(screen.tail):
            while run.drive.now_ms < run.start_ms + length_ms:
                driven.step()
                if run.drive.now_ms % ROUND_MS == 0:
                    driven.settle()
                    run.live.look()
                    view.refresh()
                if run.drive.now_ms % CHECKPOINT_MS == 0:
                    driven.checkpoint()
                if run.drive.now_ms % MARK_MS == 0:
                    driven.mark()
                    yield found
        run.finish()
        found.told = summary.samples(run.before, summary.ledger_totals(run.store), run.plant.sent)
        raised = summary.alerts(run.store, run.plant.faults, run.start_ms)
        rows = summary.fault_rows(run.plant.faults, raised)
        found.unfit = [str(row) for row in rows if row["alarmed"] != (row["rule"] is not None)]
        found.unfit += [str(alert) for alert in raised if alert["fault"] is None]
    found.seconds = time.monotonic() - began
    yield found


def row(soak: Soak, since: Mark | None) -> str:
    mark = soak.marks[-1]
    samples = mark.sent - (since.sent if since else 0)
    return (
        f"{mark.at_ms / HOUR_MS:>6.2f}{mark.rss_kb / 1024:>9.1f}{mark.blocks:>10,}{mark.log_lines:>11}"
        f"{samples:>12,}{mark.gap:>6}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=12.0, help="virtual hours")
    length_ms = round(parser.parse_args().hours * 60) * 60_000
    print(f"{'hour':>6}{'RSS MB':>9}{'blocks':>10}{'log lines':>11}{'samples':>12}{'gap':>6}", flush=True)
    since: Mark | None = None
    with tempfile.TemporaryDirectory() as folder, Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("soak", total=length_ms)
        for found in soaked(Path(folder), length_ms):
            mark = found.marks[-1]
            bar.update(task, completed=mark.at_ms)
            if mark is not since and (mark.at_ms // HOUR_MS > (since.at_ms if since else 0) // HOUR_MS or found.told):
                print(row(found, since), flush=True)
                since = mark
    print(f"{length_ms / HOUR_MS:g} h in {found.seconds / 60:.1f} min, {len(found.log.lines)} log lines; {found.told}")
    for name in ("rss_kb", "blocks"):
        print(f"{name}: {found.growth(name, min(WARM_UP_MS, length_ms // 3)):+,.0f} an hour behind the warm-up")
    slips = found.broken(length_ms)
    print("\n".join(slips) or "passed: memory flat, log quiet, every sample accounted for, every fault alarmed once")
    return 1 if slips else 0


if __name__ == "__main__":
    sys.exit(main())
