"""The rows of one line that count, and its ledger: what became of every sample that the log has.

Taken from outside is one thing only: which rows were put aside as late. A row with a wrong clock is found here.
"""

import json
from collections import Counter, defaultdict
from typing import NamedTuple

from tests.simulation.definitions.frames import CONFIGURATION
from tests.simulation.definitions.times import LineClock

HOUR = 3_600_000
NAMELESS = 3  # undated, or of a frozen clock: such a row has no identity
FATES = ("received", "stored", "corrected", "duplicate", "conflict", "expired", "rejected", "waiting", "gap", "undated")


class Sample(NamedTuple):
    t: int
    seq: int
    nameless: bool
    value: float | str
    quality: int
    in_time: bool


class Heard(NamedTuple):
    """A record that brought rows in time of a series: when, by running and append time."""

    offset: int
    running: int
    append: int


class Line:
    """`series[unit, metric]` samples in order; `heard[unit, metric]` in log order; `wrong`, `late` (offset, row) as
    they should be; `ledger[gateway, hour]`."""

    def __init__(self, path, records, aside):
        """`records` (offset, append, frame) in log order; `aside` {(offset, row)} of rows put aside as late."""
        self.path, self.config, self.ticks = path, None, []
        self.series, self.heard = defaultdict(list), defaultdict(list)
        self.wrong, self.late, self.ledger = [], [], defaultdict(Counter)
        self.first, self.numbers, clock = {}, set(), None
        for offset, append, frame in records:
            if frame.kind == CONFIGURATION and clock is None:
                self.config = json.loads(frame.body)
                clock = LineClock(self.config["time"])
            again = (frame.gateway, frame.boot, frame.number) in self.numbers
            self.numbers.add((frame.gateway, frame.boot, frame.number))
            book = self.ledger[frame.gateway, frame.ingest // HOUR * HOUR]
            book["received"] += len(frame.rows)
            if again:
                book["duplicate"] += len(frame.rows)
                verdicts = ["clock"] * len(frame.rows)  # moves nothing
            else:
                book.update(received=frame.rejects, rejected=frame.rejects)
                verdicts = clock.judge(frame, append)
            tick = clock.follow(offset, append, frame, verdicts)
            self.ticks += [tick] if tick else []
            book["undated"] += sum(row.flags & 1 for row in frame.rows)
            if not again:
                now = Heard(offset, clock.running, append)
                self._take(now, zip(frame.rows, verdicts, strict=True), aside, book)
        self.ended = clock.clock
        for samples in self.series.values():
            samples.sort(key=lambda sample: sample[:3])

    def _take(self, now, judged, aside, book):
        for row, verdict in judged:
            place, in_time = (now.offset, row), verdict == ""
            if verdict == "clock":
                book["rejected"] += 1
                self.wrong.append(place)
                continue
            if in_time:
                self.heard[row.unit, row.metric].append(now)
            else:
                self.late.append(place)
                if place in aside:
                    book["expired"] += 1
                    continue
            identity = object() if row.flags & NAMELESS else (row.unit, row.metric, row.t, row.seq)
            said = self.first.setdefault(identity, row)
            if said is row:
                book["stored"] += 1
                book["corrected"] += not in_time
                own = Sample(row.t, row.seq, bool(row.flags & NAMELESS), row.value, row.quality, in_time)
                self.series[row.unit, row.metric].append(own)
            else:
                book["duplicate" if (said.value, said.quality) == (row.value, row.quality) else "conflict"] += 1

    def metric(self, unit, name):
        """What is declared of a metric."""
        units = [one for one in self.config["units"] if one["name"] == unit]
        return next((one for own in units for one in own["metrics"] if one["name"] == name), None)

    def is_usable(self, quality):
        return quality in self.config["usable_quality"]

    def numbers_of(self, unit, metric):
        return [s for s in self.series.get((unit, metric), ()) if not isinstance(s.value, str)]
