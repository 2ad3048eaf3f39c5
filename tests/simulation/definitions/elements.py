"""Elements of units and of their line by window, and OEE out of them.

A state holds until its next sample, at most `valid_for` past the newest row of its unit; then the time is unclassified
until a state comes (by exception: until any row comes). A counter's increase belongs to its later sample; the first
counts nothing, a fall is a reset and counts the new value. A line has its times from the pace unit and its parts from
the count unit.
"""

import math
from bisect import bisect_left
from itertools import pairwise

KNOWN = {
    "clearing", "stopped", "starting", "idle", "suspended", "execute", "stopping", "aborting", "aborted", "holding",
    "held", "unholding", "suspending", "unsuspending", "resetting", "completing", "complete",
}  # fmt: skip
PRODUCING = {"", "production", "start_up", "run_down", "undefined"}
TIMES = ("apt_ms", "aust_ms", "adet_ms", "adot_ms")
COUNTS = {"good_count": "gq", "reject_count": "sq"}


def windows(line, seconds):
    """(equipment, window_s, start) -> elements of the windows that have ended."""
    config, found = line.config, {}
    units = {unit["name"]: unit for unit in config["units"]}
    asked = [(f"{line.path}/{name}", name, name) for name in units]
    asked.append((line.path, config["pace_unit"], config["count_unit"]))
    times = {name: _times(line, unit) for name, unit in units.items()}
    parts = {name: _parts(line, unit) for name, unit in units.items()}
    for equipment, pace, count in asked:
        begins = [_first(line, pace), _first(line, count)]
        if None not in begins:
            for start, values in _windows(max(begins), line.ended, seconds * 1_000, times[pace], parts[count]):
                values["ideal_ms"] = units[pace]["ideal_cycle_ms"] * values["pq"]
                found[equipment, seconds, start] = values
    return found


def tells(values):
    """A window of at most a minute leaves where something is known or was made."""
    return values["pq"] > 0 or values["unclassified_ms"] < values["pbt_ms"]


def oee(values):
    """Ideal time of the good parts of all time; 0 where nothing was made in known time, None where nothing is known."""
    if values["unclassified_ms"] >= values["pbt_ms"]:
        return None
    return values["ideal_ms"] * values["gq"] / values["pq"] / values["pbt_ms"] if values["pq"] else 0.0


def _windows(begin, end, width, times, parts):
    first = begin // width * width
    starts = range(first, end - width + 1, width)
    found = {start: {"pbt_ms": width} | dict.fromkeys((*TIMES, "gq", "sq", "rq"), 0) for start in starts}
    for low, high, element in times:
        for start in range(max(first, low // width * width), min(high, end), width):
            if start in found:
                found[start][element] += max(0, min(high, start + width) - max(low, start))
    for t, element, made in parts:
        if t // width * width in found:
            found[t // width * width][element] += made
    for start, values in found.items():
        values["unclassified_ms"] = width - sum(values[name] for name in TIMES)
        values["pq"] = values["gq"] + values["sq"] + values["rq"]
        yield start, values


def _first(line, unit):
    return min((samples[0].t for (name, _), samples in line.series.items() if name == unit), default=None)


def _times(line, unit):
    """[(from, to, element)] of known time of a unit."""
    modes = _held(line, unit, "mode")
    found = []
    for low, high, state in _held(line, unit, "state"):
        if state not in KNOWN:
            continue
        cuts = sorted({low, high, *(t for a, b, _ in modes for t in (a, b) if low < t < high)})
        for a, b in pairwise(cuts):
            mode = next((name for x, y, name in modes if x <= a < y), "")
            found.append((a, b, _element(state, mode)))
    return found


def _element(state, mode):
    if mode in ("changeover", "setup"):
        return "aust_ms"
    return "apt_ms" if mode in PRODUCING and state == "execute" else "adet_ms"


def _held(line, unit, role):
    """[(from, to, name)] of a unit's state or mode as long as it is known."""
    metric = next((one for one in unit["metrics"] if one["role"] == role), None)
    samples = line.series.get((unit["name"], metric["name"]), []) if metric else []
    rows = sorted({s.t for (name, _), own in line.series.items() if name == unit["name"] for s in own})
    valid, found = line.config["time"]["valid_for_ms"], []
    for k, sample in enumerate(samples):
        end = samples[k + 1].t if k + 1 < len(samples) else math.inf
        own = rows[bisect_left(rows, sample.t) : bisect_left(rows, end)]
        name = sample.value.casefold() if line.is_usable(sample.quality) else "?"
        begin, known = sample.t, True
        for a, b in pairwise(own):
            if b - a > valid:
                found += [(begin, a + valid, name)] if known else []
                begin, known = b, metric["by_exception"]
        if known and own and begin < end:
            found.append((begin, min(end, own[-1] + valid), name))
    return found


def _parts(line, unit):
    found = []
    for metric in unit["metrics"]:
        before = None
        for sample in line.numbers_of(unit["name"], metric["name"]) if metric["role"] in COUNTS else ():
            if not line.is_usable(sample.quality) or sample.value < 0:
                continue
            shown = round(sample.value)
            if before is not None:
                found.append((sample.t, COUNTS[metric["role"]], shown - before if shown >= before else shown))
            before = shown
    return found
