"""Statistics of a metric by window: count, mean, least, greatest, last, standard deviation, coverage.

A window is told where it holds a number, whatever its quality; statistics are of the usable ones. A number covers the
time up to the next one of its series, at most `hold_ms`.
"""

import math

HOLD_MS = 10_000


def windows(line, seconds):
    """(equipment, metric, window_s, start) -> values of the windows that have ended."""
    found, width = {}, seconds * 1_000
    for unit, metric in line.series:
        samples = line.numbers_of(unit, metric)
        held, covered = {}, {}
        hold = (line.metric(unit, metric) or {}).get("hold_ms", HOLD_MS)
        for k, sample in enumerate(samples):
            values = held.setdefault(sample.t // width * width, [])
            if line.is_usable(sample.quality):
                values.append(sample.value)
                end = sample.t + hold
                _cover(covered, sample.t, min(end, samples[k + 1].t) if k + 1 < len(samples) else end, width)
        for start, values in held.items():
            if start + width <= line.ended:
                key = (f"{line.path}/{unit}", metric, seconds, start)
                found[key] = (*_statistics(values), covered.get(start, 0) / width)
    return found


def _cover(covered, begin, end, width):
    while begin < end:
        start = begin // width * width
        upto = min(end, start + width)
        covered[start] = covered.get(start, 0) + upto - begin
        begin = upto


def _statistics(values):
    if not values:
        return (0, None, None, None, None, None)
    mean = math.fsum(values) / len(values)
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
    return (len(values), mean, min(values), max(values), values[-1], sd)
