"""What InfluxDB's answer to a write means, by status and text (1.6, 1.8 and 2 differ in both).

Rules: `partial write` says that the good lines are in; any other 400 or 422 may mean that none is, and 1.8 refuses a
batch once that it takes when it comes again. What the operator must mend, and what time mends, is `Unavailable`.
"""

import re
from enum import Enum

from connectors.influx.settings import InfluxSettings
from connectors.influx.wire import LATER_S, Answer
from pipeline.core.errors import Unavailable

MAX_WAIT_S = 600.0
_DROPPED = re.compile(r"dropped[= ](\d+)")


class Verdict(Enum):
    STORED = "all lines are in"
    PARTIAL = "some line was dropped, the others are in"
    REFUSED = "some line is bad, and none is in"
    TOO_LARGE = "the body is too large"


def verdict(answer: Answer, settings: InfluxSettings) -> Verdict:
    """Raises Unavailable where the lines are not to blame."""
    if 200 <= answer.status < 300:
        return Verdict.STORED
    if answer.status in (400, 422):
        return Verdict.PARTIAL if "partial write" in answer.text else Verdict.REFUSED
    if answer.status == 413:
        return Verdict.TOO_LARGE
    raise trouble(answer, settings)


def dropped(answer: Answer) -> int:
    """How many lines the server says it dropped; one that it could not parse is in no such number."""
    found = _DROPPED.search(answer.text)
    return int(found[1]) if found else 0


def trouble(answer: Answer, settings: InfluxSettings) -> Unavailable:
    """A line for the operator, the same each time; the server's words are quoted."""
    at = f"store: {settings.url}"
    if answer.status in (401, 403):
        who = f"user {settings.username!r}" if settings.username else "the token" if settings.secret else "no user"
        cure = f"correct it in [store], or grant it all of database {settings.database!r}"
        return Unavailable(f"{at}: {who} was refused; got {answer.status} {answer.words!r}; {cure}", LATER_S)
    if answer.status == 404:
        what = "bucket" if settings.api == "v2" else "database"
        said = f"got 404 {answer.words!r}; create it, or correct store.{what}"
        return Unavailable(f"{at}: no {what} {settings.database!r} there; {said}", LATER_S)
    if answer.status in (429, 503):
        wait = min(answer.retry_after or 1.0, MAX_WAIT_S)
        return Unavailable(f"{at}: busy; got {answer.status}; it goes on by itself", wait)
    return Unavailable(f"{at}: got {answer.status} {answer.words!r}; see the log of InfluxDB")
