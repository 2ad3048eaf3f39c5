"""Lines as one stream of MQTT messages in virtual time, with their truth.

Rule: same lines, seed and start give the same bytes, however the time is cut into ticks. A line steps by seconds of its
own, each with a generator of its own, and sends in cells of 100 ms; the caller only says how far to go.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from simulators import mischief
from simulators.faults import EPISODE_EVERY_MS, EPISODE_MS, Fault, FaultKind, plan_episode
from simulators.payloads import Message, Sample, Sending, encode
from simulators.signals import times
from simulators.truth import Booking, Truth, save_books

SECOND_MS = 1000


class Running(Protocol):
    """A line between two steps. Stepping changes nothing here: it gives the next one, its samples and its booking."""

    def step(
        self, t0_ms: int, t1_ms: int, faults: Sequence[Fault], rng: np.random.Generator
    ) -> "tuple[Running, list[Sample], Booking]": ...


class Line(Protocol):
    """A plugin of `simulators/lines`. `physical`: metrics that mischief may touch; `sturdy`: those it may send late."""

    @property
    def path(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def ideal_cycle_ms(self) -> float: ...
    @property
    def physical(self) -> frozenset[str]: ...
    @property
    def sturdy(self) -> frozenset[str]: ...
    @property
    def faults(self) -> tuple[FaultKind, ...]: ...
    def begin(self, start_ms: int, rng: np.random.Generator) -> Running: ...


class _Track:
    """One line on its way: what it still has to send, by cell, and its book."""

    def __init__(self, line: Line, seeds: tuple[int, ...], start_ms: int) -> None:
        self.line, self.seeds, self.start_ms = line, seeds, start_ms
        self.seconds = 0
        self.running = line.begin(start_ms, np.random.default_rng([*seeds, 0]))
        self.truth = Truth(line.path, line.unit, line.ideal_cycle_ms)
        self.faults: list[Fault] = []
        self.sendings: defaultdict[int, list[Sending]] = defaultdict(list)
        self.spoilt: dict[int, Message] = {}

    def run_until(self, t_ms: int) -> None:
        while self.start_ms + self.seconds * SECOND_MS < t_ms:
            self._step()
            self.seconds += 1

    def take(self, cell_ms: int) -> list[Message]:
        spoilt = self.spoilt.pop(cell_ms, None)
        return encode(self.line.path, self.sendings.pop(cell_ms, ())) + ([spoilt] if spoilt else [])

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
            self.spoilt[cell_ms] = mischief.spoil(self.line.path, self.line.unit, t0_ms, rng)
        if mischief.send_late_in(second):
            return mischief.hold_one_back(sendings, self.line.sturdy, self.start_ms, rng)
        return sendings


class Plant:
    """Bundled lines from `start_ms` on. What it counts is what `messages` has handed out so far."""

    def __init__(self, lines: Sequence[Line], seed: int, start_ms: int) -> None:
        self.start_ms = self.now_ms = start_ms
        self._tracks = [_Track(line, (seed, number), start_ms) for number, line in enumerate(lines)]
        self._fates: Counter[str] = Counter()

    def messages(self, t0_ms: int, t1_ms: int) -> list[tuple[str, bytes]]:
        """All messages with a send time in [t0, t1), in order of sending; each call goes on where the last ended."""
        if t0_ms != self.now_ms or t1_ms < t0_ms:
            raise ValueError(f"plant: cannot send [{t0_ms}, {t1_ms}); sent until {self.now_ms}; go on from there")
        for track in self._tracks:
            track.run_until(t1_ms)
        sent: list[tuple[str, bytes]] = []
        for cell_ms in times(mischief.CELL_MS, mischief.cell_end(self.start_ms, self.start_ms), t0_ms, t1_ms):
            for message in (message for track in self._tracks for message in track.take(cell_ms)):
                self._fates.update(message.fates)
                sent.append((message.topic, message.body))
        self.now_ms = t1_ms
        return sent

    @property
    def sent(self) -> int:
        """Each distinct sample and each unreadable payload as 1."""
        return self._fates["stored"] + self._fates["expired"] + self._fates["rejected"]

    @property
    def expected(self) -> dict[str, int]:
        """How many samples sent so far have to end so in the ledger."""
        return {fate: self._fates[fate] for fate in ("duplicate", "expired", "corrected", "rejected")}

    @property
    def truth(self) -> dict[str, Truth]:
        """The book of each line by its path. Ask it for windows that end at or before `now_ms`."""
        return {track.line.path: track.truth for track in self._tracks}

    @property
    def faults(self) -> list[Fault]:
        """The faults begun so far."""
        return [fault for track in self._tracks for fault in track.faults if fault.t_on_ms < self.now_ms]

    def save_truth(self, folder: Path) -> None:
        """states.parquet, parts.parquet and faults.parquet, as far as has been sent."""
        save_books(folder, list(self.truth.values()), self.faults, self.now_ms)
