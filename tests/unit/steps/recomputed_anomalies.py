"""Anomalies, computed plainly from the scores of a `Line`: told with a window's first publication, never again.

Rule: level 1 from |z| >= 4, 2 from >= 6; said at level >= 1, and once on the return to 0. A window of 1 s leaves when
its pane has closed, one of 10 s when the line's clock has passed it and something of it has closed.
"""

LEVELS = (4.0, 6.0)


def anomalies(line, ticks, width):
    """(equipment, metric) -> [(window start, score, level, open)] in order."""
    found = {key: _anomalies(line, ticks, width, *key) for key in line.series}
    return {(f"{line.path}/{unit}", metric): said for (unit, metric), said in found.items() if said}


def _anomalies(line, ticks, width, unit, metric):
    scores, source = line.scored(unit, metric), line.home[unit, metric]
    if not any(z >= LEVELS[0] for _, _, z, _ in scores):
        return []
    times = [(t, 0) for t, _, v, _ in line.in_time[unit, metric] if not isinstance(v, str)]
    times += [(t, offset) for t, offset, v in line.late[unit, metric] if not isinstance(v, str)]
    out, before, said = set(), 0, []
    for tick in ticks:
        closed = tick.closed.get(source, 0)
        past = closed if width == 1_000 else tick.clock
        for start in sorted({t // width * width for t, offset in times if t < closed and offset <= tick.offset} - out):
            if start + width > past:
                continue
            out.add(start)
            inside = [z for t, _, z, _ in scores if start <= t < min(start + width, closed)]
            if inside:
                level = sum(max(inside) >= least for least in LEVELS)
                if level or before:
                    said.append((start, max(inside), level, int(level > 0)))
                before = level
    return said
