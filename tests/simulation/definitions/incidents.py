"""Incidents of limits and silences: one raise and one clear each.

A limit raises where the value is at or beyond it for `on_delay`, and clears where it is within by the deadband for
`off_delay`; a sample at the end of a delay decides nothing on it. A silence raises where no row in time has come for
`after` of the line's running time, and clears with the next one; its times are append times of the newest row. Rows
that came late are no news to an alarm.
"""


def incidents(line):
    """(equipment, alarm) -> [(raised at, cleared at or None)] in order."""
    found = {}
    for alarm in line.config["alarms"]:
        turns = list({"limit": _limit, "silence": _silence}[alarm["kind"]](line, alarm))
        pairs = list(zip(turns[::2], [*turns[1::2], None][: (len(turns) + 1) // 2], strict=True))
        if pairs:
            found[f"{line.path}/{alarm['unit']}", alarm["name"]] = pairs
    return found


def _limit(line, alarm):
    active, begun = False, None
    rows = [s for s in line.numbers_of(alarm["unit"], alarm["metric"]) if s.in_time and line.is_usable(s.quality)]
    closed = line.ticks[-1].closed.get(alarm["unit"]) if line.ticks else None
    for t, value in [*((s.t, s.value) for s in rows), (closed, None)]:
        due = None if begun is None else begun + (alarm["off_delay_ms"] if active else alarm["on_delay_ms"])
        if due is not None and t >= due:
            yield due
            active, begun = not active, None
        if value is None:
            return
        turns = value < alarm["high"] - alarm["deadband"] if active else value >= alarm["high"]
        begun = (t if begun is None else begun) if turns else None


def _silence(line, alarm):
    heard = line.heard.get((alarm["unit"], alarm["metric"]), [])
    newest, active, k = None, False, 0
    for tick in line.ticks:
        before = newest
        while k < len(heard) and heard[k].offset <= tick.offset:
            newest, k = heard[k], k + 1
        if newest is None:
            continue
        if active and newest != before:
            active = False
            yield newest.append
        if not active and tick.running - newest.running >= alarm["after_ms"]:
            active = True
            yield newest.append + alarm["after_ms"]
