"""Times, names and bars as they stand on the screen.

>>> lasting(95_000, Words("en")), lasting(7_265_000, Words("en")), lasting(3 * DAY_MS, Words("vi")), bar(0.5, 4)
('1:35', '2:01:05', '3 ngày', '██░░')
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from pipeline.view.records import safe
from pipeline.view.words import Words

DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(ms: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(milliseconds=max(0, min(ms, 250_000_000_000_000)))).astimezone(zone)


def clock_time(ms: int, now_ms: int, zone: ZoneInfo) -> str:
    """The time of day; of another day than now the date before it, without seconds."""
    at, now = moment(ms, zone), moment(now_ms, zone)
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%d/%m %H:%M}"


def full_time(ms: int, zone: ZoneInfo, words: Words) -> str:
    return f"{moment(ms, zone):{'%H:%M:%S %d/%m/%Y' if words.language == 'vi' else '%Y-%m-%d %H:%M:%S'}}"


def lasting(ms: int, words: Words) -> str:
    minutes, seconds = divmod(max(0, ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:
        return f"{hours // 24} {words['days']}"
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def seconds(ms: float | None, words: Words) -> str:
    """A delay: tenths of a second while they matter, hundredths below one."""
    if ms is None:
        return "-"
    if ms >= 600_000:
        return lasting(int(ms), words)
    return f"{words.decimal(ms / 1000, 2 if ms < 1000 else 1)} s"


def bar(ratio: float | None, width: int) -> str:
    """A ratio above 1 fills it; one above 0 shows at least one block."""
    if ratio is None:
        return " " * width
    full = min(width, max(round(ratio * width), int(ratio > 0)))
    return "█" * full + "░" * (width - full)


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """The last two levels of each path; where that is not enough to tell lines apart, all levels that differ.

    >>> short_names(["a/p/x/l1", "a/q/x/l1", "a/p/y/l2"])
    {'a/p/x/l1': 'p/x/l1', 'a/q/x/l1': 'q/x/l1', 'a/p/y/l2': 'y/l2'}
    """
    levels = zip(*(path.split("/")[:-2] for path in paths), strict=False)
    shared = sum(1 for _ in takewhile(lambda names: len(set(names)) == 1, levels))
    names = {path: "/".join(path.split("/")[-2:]) for path in paths}
    often = Counter(names.values())
    return {path: safe("/".join(path.split("/")[shared:]) if often[name] > 1 else name) for path, name in names.items()}


def kept_end(text: str, width: int) -> str:
    """
    >>> kept_end("dairy/filling/line-1", 12), kept_end("line-1", 12)
    ('…ling/line-1', 'line-1')
    """
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]
