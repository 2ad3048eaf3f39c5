"""What the roles of this process wait for, as people are told it: what, since when, what to do.

Rule: one sentence a cause, whatever number of roles it keeps waiting; the rest is in the log.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from pipeline.core.errors import DiskTrouble
from pipeline.roles.gateway import Gateway
from pipeline.roles.start import Park
from pipeline.runtime.clock import monotonic
from pipeline.runtime.loop import Role, Waiting
from pipeline.view.amounts import clock_time, lasting
from pipeline.view.findings import length
from pipeline.view.records import safe
from pipeline.view.words import Words

ADVICE = {
    "disk_full": "make_room",
    "disk_fails": "mend_disk",
    "no_broker": "tries_again",
    "clock_off": "set_clock",
    "rival": "name_it",
    "log_away": "is_spooled",
    "spool_full": "see_log",
}


def troubles(park: Park, words: Words) -> list[str]:
    """The oldest first."""
    now_ms, zone = park.clock.now_ms(), ZoneInfo(park.config.timezone)
    found: dict[str, str] = {}
    rivalled = park.rivalled
    for name, since, waiting in held_up(park):
        what = "rival" if name in rivalled else cause(park.roles[name], waiting)
        path = waiting.error.path if isinstance(waiting.error, DiskTrouble) else None
        place = "" if path is None else f" ({park.config.data_dir if what == 'disk_full' else path})"
        time = clock_time(waiting.since_ms, now_ms, zone)
        lasts = lasting(round((monotonic() - since) * 1000), words)
        sentence = f"{words[what]}{place}, {words['since']} {time} ({lasts}); {words[ADVICE[what]]}"
        found.setdefault(what, safe(sentence))
    spools = (role.spooled for role in park.roles.values() if isinstance(role, Gateway) and role.spooled)
    waiting_on_disk = [spooled_line(len(one.lines), one.oldest_ms, now_ms, zone, words) for one in spools]
    return [*found.values(), *filter(None, waiting_on_disk)]


def spooled_line(lines: int, oldest_ms: int, now_ms: int, zone: ZoneInfo, words: Words) -> str:
    """What waits on the gateway's disk; "" where nothing does.

    >>> spooled_line(2, 1_780_000_000_000, 1_780_000_180_000, ZoneInfo("UTC"), Words("en"))
    'spool: 3 min of 2 lines, oldest 20:26:40'
    >>> spooled_line(0, 0, 1_780_000_180_000, ZoneInfo("UTC"), Words("en"))
    ''
    """
    if not oldest_ms:
        return ""
    waits, count = length(timedelta(milliseconds=now_ms - oldest_ms), words), words.counted(lines, "lines")
    return words.said("spooled", waits, count, clock_time(oldest_ms, now_ms, zone))


def held_up(park: Park) -> list[tuple[str, float, Waiting]]:
    """(role, since when, what it waits for), the oldest first."""
    found = [(name, waiting.since, waiting) for name, waiting in park.waiting.items()]
    return sorted(
        ((name, since, waiting) for name, since, waiting in found if since is not None), key=lambda one: one[1]
    )


def cause(role: Role, waiting: Waiting) -> str:
    """Its name in the catalogue."""
    if isinstance(waiting.error, DiskTrouble):
        return "disk_full" if waiting.error.is_full else "disk_fails"
    if isinstance(role, Gateway) and role.spooled and role.spooled.trouble:
        return "log_away" if waiting.error is None else "spool_full"
    if waiting.error is None and isinstance(role, Gateway) and role.source.connected:
        return "clock_off"
    return "no_broker"
