"""Elements of units and of their line, computed plainly from the rows of a `Line`, with no code of the pipeline."""

import math
from bisect import bisect_left
from itertools import pairwise

from tests.unit.steps.recomputed_planned import planned_ms, shifts

TIMES = ("apt_ms", "aust_ms", "adet_ms", "adot_ms")
COUNTED = {  # role -> element, and what one of the counter's units is of it
    "good_count": ("gq", 1),
    "reject_count": ("sq", 1),
    "rework_count": ("rq", 1),
    "energy": ("energy_wh", 1000),
    "water": ("water_l", 1000),
}
PARTS, METERED = ("gq", "sq", "rq"), ("energy_wh", "water_l")
STOPPED = {"held", "idle", "stopped", "suspended", "aborted", "complete"}
SHORT_MS = 60_000


def element_windows(line, clock):
    """(equipment, length, start) -> (elements, must it be out?) of the windows that ended up to the clock."""
    found, config = {}, line.config
    booked = [u.name for u in config.units if any(m.role in ("state", *COUNTED) for m in u.metrics)]
    asked = [(f"{line.path}/{u}", u, u, [u]) for u in booked]
    if config.pace_unit in booked and config.count_unit in booked:
        asked.append((line.path, config.pace_unit, config.count_unit, booked))
    cycles = {u.name: u.ideal_cycle_ms for u in config.units}
    for equipment, timed, counted, metered in asked:
        begins = (_begin(line, timed), _begin(line, counted))
        if None in begins:
            continue
        pieces = _times(line, timed)
        made = [*_counted(line, counted, PARTS), *(c for u in metered for c in _counted(line, u, METERED))]
        meters = {COUNTED[m.role][0] for u in config.units if u.name in metered for m in u.metrics if m.role in COUNTED}
        names = (*PARTS, *(name for name in METERED if name in meters))
        for start, end, short in _windows(config, max(begins), clock):
            values = _elements(config.calendar, (start, end), pieces, made, names)
            values["ideal_ms"] = None if cycles[timed] is None else cycles[timed] * values["pq"]
            found[equipment, end - start, start] = (values, tells(values, short))
    return found


def tells(values, short):
    """Does such a window leave? Where something counted; a short one where a state is known, a long one if planned."""
    known = values["pbt_ms"] > (values["unclassified_ms"] if short else 0)
    return known or any(values.get(name) for name in (*PARTS, *METERED))


def is_short(config, start, length):
    """A window of at most a minute, and no shift."""
    return length <= SHORT_MS and (start, start + length) not in _shifts(config, start)


def _windows(config, begin, clock):
    """(start, end, short?) from the one that holds `begin` on, as far as the clock has passed them."""
    for width in (s * 1000 for s in config.windows if s % 10 == 0):
        for start in range(begin // width * width, clock - width + 1, width):
            yield start, start + width, is_short(config, start, width)
    yield from ((a, b, False) for a, b in _shifts(config, begin) if begin < b <= clock)


def _shifts(config, around):
    return shifts(config.calendar, around) if config.calendar is not None and config.shift_windows else set()


def _elements(calendar, window, pieces, made, names):
    start, end = window
    busy = planned_ms(calendar, start, end)
    values = {"pbt_ms": busy} | dict.fromkeys(TIMES, 0) | dict.fromkeys(names, 0)
    for a, b, name in pieces:
        if a < end and b > start:
            values[name] += planned_ms(calendar, max(a, start), min(b, end))
    for t, name, n in made:
        if start <= t < end:
            values[name] += n
    values["unclassified_ms"] = busy - sum(values[name] for name in TIMES)
    values["pq"] = sum(values[name] for name in PARTS)
    return values


def _begin(line, unit):
    return min((s[0][0] for (u, _), s in line.series.items() if u == unit), default=None)


def _held(line, unit, role):
    """[(from, to, canonical name)] of a unit's state or mode while it is known."""
    key = next((k for k, m in line.metrics.items() if k[0] == unit and m.role == role), None)
    samples = line.series.get(key, [])
    if not samples:
        return []
    declared, valid, times = line.metrics[key], line.config.time.valid_for_ms, line.heard[line.home[key]]
    out = []
    for (t, _, v, q), after in zip(samples, [*samples[1:], None], strict=False):
        end = after[0] if after else math.inf
        name = canonical(v, declared.codes) if line.usable(q) else "bad"
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


def _times(line, unit):
    """[(from, to, element)] of known time."""
    modes = _held(line, unit, "mode")
    out = []
    for low, high, state in _held(line, unit, "state"):
        cuts = sorted({low, high, *(t for a, b, _ in modes for t in (a, b) if low < t < high)})
        for a, b in pairwise(cuts):
            mode = next((m for x, y, m in modes if x <= a < y), "")
            if state == "execute" and mode in ("", "production", "bad"):
                out.append((a, b, "apt_ms"))
            elif state == "execute" or state in STOPPED:
                out.append((a, b, "aust_ms" if mode == "changeover" else "adet_ms"))
    return out


def _counted(line, unit, wanted):
    """[(t, element, how many)] by counter: whole parts, Wh and litres, as far as the newest reading shows them."""
    out = []
    for (name, metric), declared in line.metrics.items():
        what, scale = COUNTED.get(declared.role, ("", 0))
        if name != unit or what not in wanted:
            continue
        before = None
        for t, _, v, q in line.series.get((name, metric), []):
            if line.usable(q) and not isinstance(v, str) and v >= 0:
                shown = round(v * scale)
                if before is not None:
                    out.append((t, what, shown - before if shown >= before else shown))
                before = shown
    return out


def canonical(v, codes):
    raw = v if isinstance(v, str) else str(int(v)) if v == int(v) else str(v)
    name = raw.strip().casefold().replace(" ", "_").replace("-", "_")
    return codes.get(raw) or codes.get(name) or name
