"""Takes all looks at once, each in a thread of its own, and gives their findings in order as they come.

Rule: a look that fails, or takes longer than it may, is one finding, and keeps no other from being taken.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from queue import Empty, SimpleQueue

from pipeline.core.errors import ConfigError, Unavailable
from pipeline.core.finding import Check, Finding, phrase, trouble
from pipeline.runtime.clock import monotonic

Found = SimpleQueue[Finding | None]


def examine(checks: Sequence[Check], waiting: Callable[[str], None]) -> Iterator[Finding]:
    """`waiting` hears the place whose findings are waited for."""
    begun = monotonic()
    taken = [(check, _begin(check)) for check in checks]
    for check, found in taken:
        waiting(check.place)
        yield from _findings(check, found, begun + check.limit_s)


def _begin(check: Check) -> Found:
    found: Found = SimpleQueue()
    threading.Thread(target=_take, args=(check, found), name=f"look at {check.place}", daemon=True).start()
    return found


def _take(check: Check, found: Found) -> None:
    try:
        for finding in check.look():
            found.put(finding)
    except ConfigError as error:
        found.put(trouble(check.place, error, phrase("correct it in park.toml")))
    except (Unavailable, OSError) as error:
        found.put(trouble(check.place, error, phrase("mend it and look again")))
    except Exception as error:
        found.put(Finding(check.place, phrase("the look itself failed: {0}", repr(error)), phrase("report this")))
    finally:
        found.put(None)


def _findings(check: Check, found: Found, until: float) -> Iterator[Finding]:
    while True:
        try:
            finding = found.get(timeout=max(0.0, until - monotonic()))
        except Empty:
            limit = timedelta(seconds=check.limit_s)
            cure = phrase("see whether it hangs or has too much to do, and look again")
            yield Finding(check.place, phrase("no answer within {0}", limit), cure)
            return
        if finding is None:
            return
        yield finding
