"""What a log should come to, computed plainly and all at once from its decoded frames, with no code of the pipeline:
the rows that count, and statistics and scores of their series.

Takes the engine's word for two things only: which rows it put aside (expired, wrong clock), and how far the clocks of a
line and of its sources came. Late rows count in everything but scores and alarms, which never look back.
"""

import math
from collections import defaultdict

UNSCORED = {"state", "mode", "good_count", "reject_count", "rework_count", "product", "order"}
NAMELESS = 3  # row flags: undated, or of a frozen clock; such a row has no identity
ALPHA, WARM_UP = 0.05, 20


class Line:
    """The accepted rows of one line: `series[unit, metric]` = [(t, seq, v or text, q)] in order, `in_time` those that
    were not late, `late` [(t, offset of their record, v)] of the others; `home` its source; `came` offsets of the
    records that brought rows in time; `undated` how many rows said they were. Given `aside` and `late`: (offset, row)
    of those that do not count, and of those that were late."""

    def __init__(self, path, config, entries, aside, late):
        self.path, self.config, self.entries, self.undated = path, config, entries, 0
        self.home, self.came, rows, numbers = {}, defaultdict(set), {}, set()
        for entry in entries:
            frame = entry.frame
            if entry.line != path:
                continue
            for name in frame.names:
                self.home.setdefault((name.unit, name.metric), name.source or name.unit)
            number = (frame.gateway, frame.boot, frame.number)
            repeat = number in numbers
            numbers.add(number)
            for i in range(len(frame)):
                flags = 0 if frame.row_flags is None else int(frame.row_flags[i])
                self.undated += flags & 1
                if repeat or (entry.offset, i) in aside:
                    continue
                name = frame.names[frame.index[i]]
                text = None if frame.text is None or frame.text[i] == 0xFFFF else frame.texts[frame.text[i]]
                seq, q = (0 if c is None else int(c[i]) for c in (frame.seq, frame.q))
                place = (1, entry.offset, i) if flags & NAMELESS else (0, 0, 0)
                key = (name.unit, name.metric, int(frame.t[i]), seq, place)
                came_late = entry.offset if (entry.offset, i) in late else None
                rows.setdefault(key, (float(frame.v[i]) if text is None else text, q, came_late))
                if came_late is None:
                    self.came[name.unit, name.metric].add(entry.offset)
        self.series, self.in_time, self.late = defaultdict(list), defaultdict(list), defaultdict(list)
        for (unit, metric, t, seq, _), (v, q, came_late) in sorted(rows.items(), key=lambda item: item[0]):
            self.series[unit, metric].append((t, seq, v, q))
            if came_late is None:
                self.in_time[unit, metric].append((t, seq, v, q))
            else:
                self.late[unit, metric].append((t, came_late, v))
        self.metrics = {(u.name, m.name): m for u in config.units for m in u.metrics}
        heard = defaultdict(set)
        for key, samples in self.series.items():
            heard[self.home[key]].update(t for t, *_ in samples)
        self.heard = {source: sorted(times) for source, times in heard.items()}

    def usable(self, q):
        return q in self.config.usable_quality

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

    def numbers(self, unit, metric):
        """[(t, v)] of the usable numbers of a series that came in time."""
        samples = self.in_time.get((unit, metric), [])
        return [(t, v) for t, _, v, q in samples if self.usable(q) and not isinstance(v, str)]

    def scored(self, unit, metric):
        """[(t, seq, |z|, EWMA after it)] of the samples of a series that are scored."""
        declared = self.metrics.get((unit, metric))
        if declared and declared.role in UNSCORED:
            return []
        found, mean, var = [], 0.0, 0.0
        for t, seq, v, q in self.in_time.get((unit, metric), []):
            if isinstance(v, str) or not self.usable(q):
                continue
            mean = mean if found else v
            d = v - mean
            ready = len(found) >= WARM_UP and var >= 1e-18 * max(1.0, mean * mean)
            z = abs(d / math.sqrt(var)) if ready else 0.0
            mean += ALPHA * d
            var = (1.0 - ALPHA) * (var + ALPHA * (d * d))
            found.append((t, seq, z, mean))
        return found

    def score_windows(self, width):
        """(equipment, metric, start) -> EWMA at the end, largest |z|."""
        found = {}
        for unit, metric in self.series:
            for t, _, z, mean in self.scored(unit, metric):
                key = (f"{self.path}/{unit}", metric, t // width * width)
                found[key] = (mean, max(z, found.get(key, (0.0, 0.0))[1]))
        return found


def statistics(values):
    if not values:
        return (0, None, None, None, None, None)
    mean = math.fsum(values) / len(values)
    sd = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / len(values))
    return (len(values), mean, min(values), max(values), values[-1], sd)
