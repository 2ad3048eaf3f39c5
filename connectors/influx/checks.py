"""A look at the store on InfluxDB: may we read and write there, how long are points kept, is its clock ours.

Rule: nothing is written: a write without a line is answered as one with lines as far as rights go.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime

from connectors.influx.answers import trouble as refusal
from connectors.influx.queries import Queries, quoted
from connectors.influx.settings import InfluxSettings
from connectors.influx.wire import Answer, Wire
from connectors.needs import LogNeeds, clock_finding
from pipeline.core.errors import Unavailable
from pipeline.core.finding import Check, Finding, phrase, trouble

_PARTS = re.compile(r"(\d+)(w|d|h|m(?!s)|s)")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def checks(settings: InfluxSettings, needs: LogNeeds) -> list[Check]:
    return [Check(settings.url, lambda: look(settings, needs))]


def look(settings: InfluxSettings, needs: LogNeeds) -> Iterator[Finding]:
    wire = Wire(settings)
    correct = phrase("see that InfluxDB runs, and correct [store] in park.toml")
    try:
        queries = Queries(wire)
        queries.stored_types()
        yield Finding(settings.url, phrase("may be read: {0}", settings.database))
        yield _writing(settings, written := wire.write(b""))
        if written.date:
            yield _clock(settings.url, written.date, needs)
        yield _kept(settings, _policies(queries, settings.database), needs.keep_ms["samples.v1"])
    except Unavailable as error:
        yield trouble(settings.url, error, correct)
    finally:
        wire.close()


def _writing(settings: InfluxSettings, answer: Answer) -> Finding:
    """2.x finds an empty body bad, after it has let us in."""
    if answer.status in (200, 204, 400, 422):
        return Finding(settings.url, phrase("may be written: {0}", settings.database))
    return trouble(settings.url, refusal(answer, settings), phrase("see the log of InfluxDB"))


def _clock(place: str, date: str, needs: LogNeeds) -> Finding:
    """Told in whole seconds, of which half has gone by on average."""
    told_ms = int(parsedate_to_datetime(date).timestamp() * 1000) + 500
    return clock_finding(place, told_ms - needs.clock.now_ms(), needs.max_skew_ms)


def _policies(queries: Queries, database: str) -> dict[str, timedelta]:
    """How long each keeps points, zero = for ever; the default one also as ""."""
    found: dict[str, timedelta] = {}
    for statement in queries.run([f"SHOW RETENTION POLICIES ON {quoted(database)}"], {}):
        for series in statement.series:
            for row in series.values:
                told = dict(zip(series.columns, row, strict=True))
                length = duration(str(told["duration"]))
                found |= {str(told["name"]): length, **({"": length} if told["default"] is True else {})}
    return found


def duration(text: str) -> timedelta:
    """
    >>> duration("168h0m0s").days, duration("0s").days, duration("1w").days
    (7, 0, 7)
    """
    return sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in _PARTS.findall(text)), timedelta())


def _kept(settings: InfluxSettings, policies: dict[str, timedelta], needed_ms: int) -> Finding:
    """Points that are gone can be corrected no more."""
    name, needed = settings.policy, timedelta(milliseconds=needed_ms)
    if name not in policies:
        what = phrase("no retention policy {0} in {1}", name, settings.database)
        return Finding(settings.url, what, phrase("create it, or correct store.retention_policy"))
    held = policies[name]
    if not held:
        return Finding(settings.url, phrase("points are kept for ever"))
    what = phrase("points are kept for {0}; needed are {1}", held, needed)
    alter = f"ALTER RETENTION POLICY {quoted(name or 'autogen')} ON {quoted(settings.database)}"
    hours = -(-needed_ms // 3_600_000)
    cure = None if held >= needed else phrase("{0}", f"{alter} DURATION {hours}h")
    return Finding(settings.url, what, cure)
