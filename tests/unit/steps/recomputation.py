"""What a log should come to, computed plainly and all at once from its decoded frames, with no code of the pipeline.

Takes the engine's word for two things only: which rows it put aside (late, wrong clock), and how far a line's
clock came.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from itertools import pairwise

PARTS = {"good_count": 0, "reject_count": 1, "rework_count": 2}
UNSCORED = {"state", "mode", "good_count", "reject_count", "rework_count", "product", "order"}
STOPPED = {"held", "idle", "stopped", "suspended", "aborted", "complete"}


class Line:
    """The accepted rows of one line: `series[unit, metric]` = [(t, seq, v or text, q)] in order; `home` its source."""

    def __init__(self, path, config, entries, aside):
        self.path, self.config = path, config
        self.home, rows, numbers = {}, {}, set()
        for entry in entries:
            frame = entry.frame
            if entry.line != path:
                continue
            for name in frame.names:
                self.home.setdefault((name.unit, name.metric), name.source or name.unit)
            number = (frame.gateway, frame.boot, frame.number)
            repeat = number in numbers
            numbers.add(number)
            for i in range(0 if repeat else len(frame)):
                name = frame.names[frame.index[i]]
                text = None if frame.text is None or frame.text[i] == 0xFFFF else frame.texts[frame.text[i]]
                seq, q = (0 if c is None else int(c[i]) for c in (frame.seq, frame.q))
                if (entry.offset, i) not in aside:
                    key = (name.unit, name.metric, int(frame.t[i]), seq)
                    rows.setdefault(key, (float(frame.v[i]) if text is None else text, q))
        self.series = defaultdict(list)
        for (unit, metric, t, seq), (v, q) in sorted(rows.items(), key=lambda item: item[0]):
            self.series[unit, metric].append((t, seq, v, q))
        self.metrics = {(u.name, m.name): m for u in config.units for m in u.metrics}
        heard = defaultdict(set)
        for key, samples in self.series.items():
            heard[self.home[key]].update(t for t, *_ in samples)
        self.heard = {source: sorted(times) for source, times in heard.items()}

    def usable(self, q):
        return q in self.config.usable_quality

    # ---- metrics and scores

    def metric_windows(self, width):
        """(equipment, metric, start) -> count, mean, min, max, last, sd, coverage of windows that hold samples."""
        found = {}
        for (unit, metric), samples in self.series.items():
            declared = self.metrics.get((unit, metric))
            hold = declared.hold_ms if declared else 10_000
            numbers = [(t, v, q) for t, _, v, q in samples if not isinstance(v, str)]
            spans = [
                (t, min(t + hold, after[0]) if after else t + hold)
                for (t, _, q), after in zip(numbers, [*numbers[1:], None], strict=False)
                if self.usable(q)
            ]
            for start in {t // width * width for t, *_ in numbers}:
                values = [v for t, v, q in numbers if start <= t < start + width and self.usable(q)]
                covered = sum(max(0, min(b, start + width) - max(a, start)) for a, b in spans)
                found[f"{self.path}/{unit}", metric, start] = (*statistics(values), covered / width)
        return found

    def score_windows(self, width):
        """(equipment, metric, start) -> EWMA at the end, largest |z|."""
        found = {}
        for (unit, metric), samples in self.series.items():
            declared = self.metrics.get((unit, metric))
            if declared and declared.role in UNSCORED:
                continue
            mean, var, seen = 0.0, 0.0, 0
            for t, _, v, q in samples:
                if isinstance(v, str) or not self.usable(q):
                    continue
                mean = v if seen == 0 else mean
                d = v - mean
                z = abs(d / math.sqrt(var)) if seen >= 20 and var >= 1e-18 * max(1.0, mean * mean) else 0.0
                mean += 0.05 * d
                var = (1.0 - 0.05) * (var + 0.05 * (d * d))
                seen += 1
                key = (f"{self.path}/{unit}", metric, t // width * width)
                found[key] = (mean, max(z, found.get(key, (0.0, 0.0))[1]))
        return found

    # ---- elements

    def held(self, unit, role):
        """[(from, to, canonical name)] of a unit's state or mode while it is known."""
        key = next((k for k, m in self.metrics.items() if k[0] == unit and m.role == role), None)
        samples = self.series.get(key, [])
        if not samples:
            return []
        declared, valid, times = self.metrics[key], self.config.time.valid_for_ms, self.heard[self.home[key]]
        out = []
        for (t, _, v, q), after in zip(samples, [*samples[1:], None], strict=False):
            end = after[0] if after else math.inf
            name = canonical(v, declared.codes) if self.usable(q) else "bad"
            rows = times[bisect_left(times, t) : bisect_left(times, end)] or [t]
            begin, known = t, True
            for a, b in pairwise(rows):
                if b - a > valid:
                    if known:
                        out.append((begin, a + valid, name))
                    begin, known = b, declared.by_exception
            if known and begin < end:
                out.append((begin, min(end, rows[-1] + valid), name))
        return out

    def times(self, unit):
        """[(from, to, place of the element)] apt 0, aust 1, adet 2."""
        modes = self.held(unit, "mode")
        out = []
        for low, high, state in self.held(unit, "state"):
            cuts = sorted({low, high, *(t for a, b, _ in modes for t in (a, b) if low < t < high)})
            for a, b in pairwise(cuts):
                mode = next((m for x, y, m in modes if x <= a < y), "")
                if state == "execute" and mode in ("", "production", "bad"):
                    out.append((a, b, 0))
                elif state == "execute" or state in STOPPED:
                    out.append((a, b, 1 if mode == "changeover" else 2))
        return out

    def parts(self, unit):
        """[(t, place, parts)] by counter: whole parts, as far as the newest reading shows them."""
        out = []
        for (name, metric), declared in self.metrics.items():
            if name != unit or declared.role not in PARTS:
                continue
            before = None
            for t, _, v, q in self.series.get((name, metric), []):
                if self.usable(q) and not isinstance(v, str) and v >= 0:
                    shown = round(v)
                    if before is not None:
                        out.append((t, PARTS[declared.role], shown - before if shown >= before else shown))
                    before = shown
        return out

    def begin(self, unit):
        return min((s[0][0] for (u, _), s in self.series.items() if u == unit), default=None)

    def element_windows(self, width, clock):
        """(equipment, start) -> pbt, apt, aust, adet, adot, unclassified, good, reject, rework up to the clock."""
        found, pace, count = {}, self.config.pace_unit, self.config.count_unit
        units = [u.name for u in self.config.units if any(m.role in ("state", "good_count") for m in u.metrics)]
        asked = [(f"{self.path}/{u}", u, u) for u in units] + [(self.path, pace, count)] * (pace in units)
        for equipment, timed, counted in asked:
            begins = (self.begin(timed), self.begin(counted))
            if None in begins:
                continue
            pieces, made = self.times(timed), self.parts(counted)
            for start in range(max(begins) // width * width, clock - width + 1, width):
                spent, produced = [0, 0, 0, 0], [0, 0, 0]
                for a, b, place in pieces:
                    spent[place] += max(0, min(b, start + width) - max(a, start))
                for t, place, n in made:
                    produced[place] += n if start <= t < start + width else 0
                found[equipment, start] = (width, *spent, width - sum(spent), *produced)
        return found


def statistics(values):
    if not values:
        return (0, None, None, None, None, None)
    mean = math.fsum(values) / len(values)
    sd = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / len(values))
    return (len(values), mean, min(values), max(values), values[-1], sd)


def canonical(v, codes):
    raw = v if isinstance(v, str) else str(int(v)) if v == int(v) else str(v)
    name = raw.strip().casefold().replace(" ", "_").replace("-", "_")
    return codes.get(raw) or codes.get(name) or name
