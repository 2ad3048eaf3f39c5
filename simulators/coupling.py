"""Machines in series with finite buffers between them: a stop of one travels, downstream as lack, upstream as tailback.

Rule: everything happens at whole ms, in order of time, of two at once the upstream one first; nothing depends on where
the caller cuts the time, as long as each piece comes with the same generator. Material is neither made nor lost. Where
the plant has working hours, each machine stops behind a part a little before or after they end, and begins again so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from simulators.faults import EPISODE_EVERY_MS, EPISODE_MS
from simulators.hours import Hours
from simulators.stops import STOPS, WAIT, Stay, drawn, off_second, time_off
from simulators.truth import StateInterval

NEVER = 1 << 62
LACK, TAILBACK, TIME_OFF = "lack", "tailback", "time_off"
SWING_MS = 90_000
AROUND_MS = (-25_000, 25_000)  # of the plan: when people leave their machine and come back


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine. `slower`: how much longer than ideal its cycles last by habit. It stops by itself after a run of
    so many ms, short ones while an episode of faults is on, by the next of a shuffled deck of `stops`. `buffer`: parts
    that fit behind it; when it was full or empty, the machine that waits for it begins again at half."""

    cycle_ms: int
    slower: float
    stops: tuple[str, ...]
    brisk_ms: tuple[int, int]
    calm_ms: tuple[int, int]
    buffer: int = 0


@dataclass(slots=True)
class Station:
    """A machine at work: the state that it is in since when, the stays ahead of it, and its next event.

    waits: lack or tailback while it stands for a neighbour · reason_ahead: why it goes into the stays ahead · loaded:
    it has a part in it · stop_ms: its next own stop, NEVER while it is in one · off: when it stands next because nobody
    works, which by the plan ends at off_ends · pieces, done: states and finished parts of the current step.
    """

    machine: Machine
    since_ms: int
    next_ms: int
    stop_ms: int
    state: str = "execute"
    mode: str = "production"
    reason: str = ""
    waits: str = ""
    reason_ahead: str = ""
    loaded: bool = True
    off: tuple[int, int] = (NEVER, NEVER)
    off_ends: int = 0
    ahead: list[Stay] = field(default_factory=list)
    deck: list[str] = field(default_factory=list)
    pieces: list[StateInterval] = field(default_factory=list)
    done: list[int] = field(default_factory=list)

    def change(self, now: int, state: str, mode: str, reason: str) -> None:
        if now > self.since_ms:
            self.pieces.append(StateInterval(self.since_ms, now, self.state, self.mode, self.reason))
        self.since_ms, self.state, self.mode, self.reason = now, state, mode, reason

    def cycle_end(self, now: int, rng: np.random.Generator) -> int:
        """Never faster than ideal, with a slow swing."""
        swing = 0.03 * math.sin(2.0 * math.pi * (now % SWING_MS) / SWING_MS)
        share = max(1.0, 1.0 + self.machine.slower + swing + 0.008 * float(rng.standard_normal()))
        return off_second(now + math.ceil(self.machine.cycle_ms * share))

    def plan_off(self, hours: Hours | None, after_ms: int, rng: np.random.Generator) -> None:
        rest = hours.rest_after(after_ms) if hours is not None else None
        if rest is None:
            self.off = (NEVER, NEVER)
        else:
            self.off, self.off_ends = (rest[0] + drawn(*AROUND_MS, rng), rest[1] + drawn(*AROUND_MS, rng)), rest[1]

    def stand(self, now: int, stays: Sequence[Stay], reason: str) -> None:
        """It stops, 1 ms after what it has just done."""
        self.ahead, self.reason_ahead = list(stays), reason
        self.next_ms = off_second(now + 1)


@dataclass(slots=True)
class Series:
    """The stations in the direction of flow; `stock` is what lies behind each but the last."""

    start_ms: int
    stations: list[Station]
    stock: list[int]
    hours: Hours | None = None

    @classmethod
    def begin(
        cls, machines: Sequence[Machine], start_ms: int, rng: np.random.Generator, hours: Hours | None = None
    ) -> "Series":
        """All execute, each with a part in it, buffers a quarter full; the first own stops are spread."""
        stations = []
        for place, machine in enumerate(machines):
            first = off_second(start_ms + 1 + drawn(0, machine.cycle_ms, rng))
            stop_ms = start_ms + drawn(*machine.brisk_ms, rng) * (place + 1)
            stations.append(Station(machine, start_ms, first, stop_ms))
            stations[-1].plan_off(hours, start_ms, rng)
        return cls(start_ms, stations, [machine.buffer // 4 for machine in machines[:-1]], hours)

    def step(self, t0_ms: int, t1_ms: int, rng: np.random.Generator) -> "Series":
        """The series at t1; its stations hold what they did in [t0, t1)."""
        stations = [replace(s, ahead=[*s.ahead], deck=[*s.deck], pieces=[], done=[]) for s in self.stations]
        after = replace(self, stations=stations, stock=[*self.stock])
        while True:
            place = min(range(len(after.stations)), key=lambda i: after.stations[i].next_ms)
            now = after.stations[place].next_ms
            if now >= t1_ms:
                break
            after._event(place, now, rng)
        for station in after.stations:
            station.change(t1_ms, station.state, station.mode, station.reason)
        return after

    def _event(self, place: int, now: int, rng: np.random.Generator) -> None:
        station = self.stations[place]
        if station.state == "suspended" and station.waits:
            if not self._may_go_on(place):
                station.next_ms = NEVER
                return
            station.waits = ""
        if station.ahead:
            stay = station.ahead.pop(0)
            station.change(now, stay.state, stay.mode, station.reason_ahead)
            station.next_ms = off_second(now + drawn(stay.least_ms, stay.most_ms, rng))
        elif station.state != "execute":
            self._resume(place, now, rng)
        elif self._has_room(place):
            self._hand_on(place, now)
            self._begin_part(place, now, rng)
        else:
            self._wait(place, now, TAILBACK)

    def _resume(self, place: int, now: int, rng: np.random.Generator) -> None:
        station = self.stations[place]
        station.change(now, "execute", "production", "")
        if station.stop_ms == NEVER:
            brisk = (now - self.start_ms) % EPISODE_EVERY_MS < EPISODE_MS
            station.stop_ms = now + drawn(*(station.machine.brisk_ms if brisk else station.machine.calm_ms), rng)
        if station.loaded:
            self._hand_on(place, now)
        self._begin_part(place, now, rng)

    def _hand_on(self, place: int, now: int) -> None:
        station = self.stations[place]
        station.done.append(now)
        station.loaded = False
        if place < len(self.stock):
            self.stock[place] += 1
            self._wake(place + 1, now)

    def _begin_part(self, place: int, now: int, rng: np.random.Generator) -> None:
        station = self.stations[place]
        while now >= station.off[1]:
            station.plan_off(self.hours, station.off_ends, rng)
        if now >= station.off[0]:
            station.stop_ms = NEVER
            station.stand(now, time_off(station.off[1] - now), TIME_OFF)
        elif now >= station.stop_ms:
            if not station.deck:
                station.deck = [str(kind) for kind in rng.permutation(list(station.machine.stops))]
            kind = station.deck.pop()
            station.stop_ms = NEVER
            station.stand(now, STOPS[kind], kind)
        elif place and not self.stock[place - 1]:
            self._wait(place, now, LACK)
        else:
            if place:
                self.stock[place - 1] -= 1
                self._wake(place - 1, now)
            station.loaded = True
            station.next_ms = station.cycle_end(now, rng)

    def _wait(self, place: int, now: int, why: str) -> None:
        self.stations[place].waits = why
        self.stations[place].stand(now, WAIT, why)

    def _wake(self, place: int, now: int) -> None:
        if self.stations[place].next_ms == NEVER and self._may_go_on(place):
            self.stations[place].next_ms = off_second(now + 1)

    def _may_go_on(self, place: int) -> bool:
        if self.stations[place].waits == LACK:
            return self.stock[place - 1] >= max(1, self.stations[place - 1].machine.buffer // 2)
        return self.stock[place] <= self.stations[place].machine.buffer // 2

    def _has_room(self, place: int) -> bool:
        return place == len(self.stock) or self.stock[place] < self.stations[place].machine.buffer
