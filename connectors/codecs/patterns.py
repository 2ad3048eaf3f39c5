"""Own topic patterns: `factory/{site}/{line}/+/telegraf`, with captures of levels in braces, and MQTT's wildcards.

Rule: a capture and a wildcard stand for whole levels of a topic; the filter to subscribe to follows from the pattern.

>>> pattern = Pattern("factory/{site}/+/{line}/#", "telegraf")
>>> pattern.filter
'factory/+/+/+/#'
>>> pattern.captures("factory/dairy/hall/l1/cpu")
{'site': 'dairy', 'line': 'l1'}
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.core.spelling import unknown

METRIC = "metric"  # the capture that names the metric, where the family has it in the topic
BY_TAG = ("influx", "telegraf")  # families whose payloads can name the equipment

_CAPTURE = re.compile(r"\{([^{}]*)\}")
_REGEX = {"+": "[^/]*", "#": ".*"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern without slips, and the family of the payloads there."""

    text: str
    family: str
    filter: str = field(init=False)
    _regex: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        levels = self.text.split("/")
        object.__setattr__(self, "filter", "/".join("+" if _CAPTURE.fullmatch(level) else level for level in levels))
        regex = "/".join(_level_regex(level) for level in unicodedata.normalize("NFC", self.text).split("/"))
        object.__setattr__(self, "_regex", re.compile(regex.replace("/.*", "(?:/.*)?"), re.DOTALL))

    def captures(self, topic: str) -> dict[str, str] | None:
        """What the captures stand for in a topic, or None for a topic of another form."""
        found = self._regex.fullmatch(topic)
        if found is None:
            return None
        names = _CAPTURE.findall(self.text)
        return dict(zip(names, found.groups(), strict=True))


def _level_regex(level: str) -> str:
    return "([^/]+)" if _CAPTURE.fullmatch(level) else _REGEX.get(level) or re.escape(level)


def syntax_slip(text: str) -> str:
    """What keeps a text from being a pattern, or ""."""
    levels = text.split("/")
    if text.startswith("$"):
        return f"no topics of a plant begin with '$'; got {text!r}; name the topic that the senders use"
    if "#" in levels[:-1]:
        return f"'#' before the end; got {text!r}; expected it as the last level; use '+' for one level"
    for level in levels:
        if not _CAPTURE.fullmatch(level) and level not in _REGEX and re.search(r"[+#{}\x00-\x1f\x7f-\x9f]", level):
            return f"unreadable level {level!r}; expected a word, {{a capture}}, '+', or '#' at the end"
    names = _CAPTURE.findall(text)
    twice = next((name for name in names if names.count(name) > 1), None)
    return "" if twice is None else f"two captures {twice!r}; got {text!r}; use '+' for one of them"


def path_slip(text: str, family: str, levels: Sequence[str]) -> str:
    """Why no sample could get a path from a topic of this pattern, or ""."""
    names = _CAPTURE.findall(text)
    known = (*levels, *(() if family in BY_TAG else (METRIC,)))
    for name in names:
        if name not in known:
            return unknown("capture", name, known)
    if family in BY_TAG:
        return ""
    missing = [level for level in levels[:-1] if level not in names]
    if family == "umh" and METRIC not in names:
        missing.append(METRIC)
    got = ", ".join(f"{{{name}}}" for name in missing)
    metric = " and of the metric" if family == "umh" else ""
    expected = f"expected captures of all levels down to the line{metric}"
    return f"gives no path; got no {got}; {expected}" if missing else ""


def overlaps(one: str, other: str) -> bool:
    """True where one topic could match both filters, so that a message might come twice."""
    first, second = one.split("/"), other.split("/")
    for a, b in zip(first, second, strict=False):
        if "#" in (a, b):
            return True
        if a != b and "+" not in (a, b):
            return False
    longer = max(first, second, key=len)
    return len(first) == len(second) or longer[min(len(first), len(second)) :] == ["#"]


def shared_slip(pattern: Pattern, others: Sequence[Pattern], taken: Sequence[str]) -> str:
    """Which other pattern or, where it begins with a word, which filter in `taken` brings topics of it too; or ""."""
    found = next((other.text for other in others if overlaps(other.filter, pattern.filter)), None)
    if found is None and pattern.filter[:1] not in ("+", "#"):
        found = next((name for name in taken if overlaps(name, pattern.filter)), None)
    if found is None:
        return ""
    return f"shares topics with {found!r}; got {pattern.text!r}; a topic is read one way: narrow one of them"
