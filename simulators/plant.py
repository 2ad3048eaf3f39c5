"""Lines as one stream of MQTT messages in virtual time, with their truth.

Rule: same line, seed and start give the same bytes, however the time is cut into ticks and whatever other lines run. A
line steps by seconds of its own, each with a generator of its own, and sends in cells of 100 ms; the caller only says
how far to go.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol
from zlib import crc32

import numpy as np

from simulators import mischief
from simulators.faults import EPISODE_EVERY_MS, EPISODE_MS, Fault, FaultKind, plan_episode
from simulators.hours import Hours
from simulators.payloads import Form, Message, Sample, Sending
from simulators.signals import times
from simulators.truth import Booking, Truth, UnitTruth, save_books

SECOND_MS = 1000


class Running(Protocol):
    """A line between two steps. Stepping changes nothing here: it gives the next one, its samples and its bookings by
    unit."""

    def step(
        self, t0_ms: int, t1_ms: int, faults: Sequence[Fault], rng: np.random.Generator
    ) -> "tuple[Running, list[Sample], dict[str, Booking]]": ...


class Line(Protocol):
    """A plugin of `simulators/lines`. `units`: ideal cycles in ms, None where a unit makes no parts · `pace_unit`,
    `count_unit`: "" in a line that makes nothing · `physical`: metrics that mischief may touch; `sturdy`: those that it
    may send late, one of them at least each second."""

    @property
    def path(self) -> str: ...
    @property
    def units(self) -> Mapping[str, float | None]: ...
    @property
    def pace_unit(self) -> str: ...
    @property
    def count_unit(self) -> str: ...
    @property
    def form(self) -> Form: ...
    @property
    def physical(self) -> frozenset[str]: ...
    @property
    def sturdy(self) -> frozenset[str]: ...
    @property
    def faults(self) -> tuple[FaultKind, ...]: ...
    def begin(self, start_ms: int, rng: np.random.Generator, hours: Hours | None) -> Running: ...


class _Track:
    """One line on its way: what it still has to send, by cell, and its book."""

    def __init__(self, line: Line, seed: int, start_ms: int, hours: Hours | None) -> None:
        self.line, self.seeds, self.start_ms = line, (seed, crc32(line.path.encode())), start_ms
        self.seconds = 0
        self.running = line.begin(start_ms, np.random.default_rng([*self.seeds, 0]), hours)
        units = {unit: UnitTruth(line.path, unit, cycle, hours) for unit, cycle in line.units.items()}
        self.truth = Truth(line.path, units, line.pace_unit, line.count_unit)
        self.fates: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.sendings: defaultdict[int, list[Sending]] = defaultdict(list)
        self.spoilt: dict[int, Message] = {}

    def run_until(self, t_ms: int) -> None:
        while self.start_ms + self.seconds * SECOND_MS < t_ms:
            self._step()
            self.seconds += 1

    def take(self, cell_ms: int) -> list[Message]:
        """The messages of one cell, counted."""
        spoilt = self.spoilt.pop(cell_ms, None)
        messages = self.line.form.encode(self.line.path, self.sendings.pop(cell_ms, ()))
        messages += [spoilt] if spoilt else []
        for message in messages:
            self.fates.update(message.fates)
        return messages

    def _step(self) -> None:
        """One second: plan its faults, let it happen, book it, put it on its way."""
        t0_ms = self.start_ms + self.seconds * SECOND_MS
        rng = np.random.default_rng([*self.seeds, 1 + self.seconds])
        episode, since_ms = divmod(self.seconds * SECOND_MS, EPISODE_EVERY_MS)
        if since_ms == 0:
            self.faults += plan_episode(self.line.faults, self.line.path, episode, t0_ms, rng)
        current = self.faults[-len(self.line.faults) :] if self.line.faults else []
        self.running, samples, booking = self.running.step(t0_ms, t0_ms + SECOND_MS, current, rng)
        self.truth.book(booking)
        sendings = mischief.send(samples, self.line.physical, self.start_ms, rng)
        if since_ms < EPISODE_MS:
            sendings = self._disturb(since_ms // SECOND_MS, t0_ms, sendings, rng)
        for sending in sendings:
            self.sendings[sending.send_ms].append(sending)

    def _disturb(self, second: int, t0_ms: int, sendings: list[Sending], rng: np.random.Generator) -> list[Sending]:
        if mischief.spoil_in(second):
            cell_ms = mischief.cell_end(t0_ms + int(rng.integers(0, SECOND_MS)), self.start_ms)
            sample = next(sending.sample for sending in sendings if sending.sample.metric in self.line.sturdy)
            self.spoilt[cell_ms] = self.line.form.spoil(self.line.path, sample, rng)
        if mischief.send_late_in(second):
            return mischief.hold_one_back(sendings, self.line.sturdy, self.start_ms, rng)
        return sendings


class Plant:
    """Bundled lines from `start_ms` on, without `hours` at work round the clock. What it counts is what `messages` has
    handed out so far."""

    def __init__(self, lines: Sequence[Line], seed: int, start_ms: int, hours: Hours | None = None) -> None:
        self.start_ms = self.now_ms = start_ms
        self._tracks = [_Track(line, seed, start_ms, hours) for line in lines]

    def messages(self, t0_ms: int, t1_ms: int) -> list[tuple[str, bytes]]:
        """All messages with a send time in [t0, t1), in order of sending; each call goes on where the last ended."""
        if t0_ms != self.now_ms or t1_ms < t0_ms:
            raise ValueError(f"plant: cannot send [{t0_ms}, {t1_ms}); sent until {self.now_ms}; go on from there")
        for track in self._tracks:
            track.run_until(t1_ms)
        sent: list[tuple[str, bytes]] = []
        for cell_ms in times(mischief.CELL_MS, mischief.cell_end(self.start_ms, self.start_ms), t0_ms, t1_ms):
            sent += [(topic, body) for track in self._tracks for topic, body, _ in track.take(cell_ms)]
        self.now_ms = t1_ms
        return sent

    @property
    def sent(self) -> int:
        """Each distinct sample and each unreadable payload as 1."""
        return sum(track.fates[fate] for track in self._tracks for fate in ("stored", "corrected", "rejected"))

    @property
    def expected(self) -> dict[str, int]:
        """How many samples sent so far have to end so in the ledger."""
        fates = ("duplicate", "expired", "corrected", "rejected")
        return {fate: sum(track.fates[fate] for track in self._tracks) for fate in fates}

    @property
    def truth(self) -> dict[str, Truth]:
        """The book of each line by its path. Ask it for windows that end at or before `now_ms`."""
        return {track.line.path: track.truth for track in self._tracks}

    @property
    def faults(self) -> list[Fault]:
        """The faults begun so far."""
        return [fault for track in self._tracks for fault in track.faults if fault.t_on_ms < self.now_ms]

    def save_truth(self, folder: Path) -> None:
        """states, parts, energy and faults as Parquet files, as far as has been sent."""
        save_books(folder, list(self.truth.values()), self.faults, self.now_ms)
