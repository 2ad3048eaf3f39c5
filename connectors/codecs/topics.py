"""Topics of all families: one grammar table, from the topic of a message to the line and what stands below it.

Rule: a topic is read over a strict alphabet with caps on length and levels (reliability R9); the levels of an equipment
path come from configuration, nothing here knows their number. A new family is one more entry in `FAMILIES`, or one
that own patterns lead to. Topics of a family that is on are read by it, whatever pattern matches them.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from connectors.codecs.name_numbers import Layouts, NameNumbers
from connectors.codecs.patterns import METRIC, Pattern
from pipeline.core.errors import ConfigError
from pipeline.core.samples import Name, RejectCode

Ints = npt.NDArray[np.int64]

MAX_TOPIC_BYTES = 1024
MAX_NAME = 64
REMEMBERED = 1 << 16

_PLAIN = re.compile(r"[A-Za-z0-9.\-][A-Za-z0-9._\-]{0,63}")
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f+#$\ud800-\udfff]")


class Route(NamedTuple):
    """Where a topic leads. `below` holds the levels that the family's payload codec gives a meaning: for `own` those
    under the line (unit, metric or both, as the payload tells), for `umh` the joined metric and its last level, for
    `telegraf` and `influx` all levels of a path, "" for those that the topic does not name (then `line` is "" too)."""

    family: str
    line: str
    unit: str
    below: tuple[str, ...]


class Misrouted(NamedTuple):
    """A topic that leads nowhere: reason code, one sentence, and the line if the topic names one."""

    code: RejectCode
    sentence: str
    line: str = ""


def quote(text: str) -> str:
    """Foreign text made safe for a sentence: what cannot be printed is escaped, 80 characters at most."""
    return repr(text[:60])[:80]


def legal_name(raw: str) -> str | None:
    """The NFC form of an equipment or metric name, or None if it is no legal name."""
    if _PLAIN.fullmatch(raw):
        return raw
    return _legal_script_name(raw) if len(raw) <= 4 * MAX_NAME else None


@lru_cache(REMEMBERED)
def _legal_script_name(raw: str) -> str | None:
    name = unicodedata.normalize("NFC", raw)
    if not 1 <= len(name) <= MAX_NAME or name[0] == "_":
        return None
    before = ""
    for character in name:
        kind = unicodedata.category(character)
        if kind[0] == "M":
            if before not in ("L", "M"):  # a mark belongs to a letter
                return None
        elif kind[0] != "L" and kind != "Nd" and character not in "-_.":
            return None
        before = kind[0]
    return name


def _route_own(names: list[str], depth: int) -> Route | Misrouted:
    line = "/".join(names[: depth - 1])
    if len(names) < depth - 1:
        return Misrouted("bad_path", f"topic: ends above a line; got {len(names)} levels; expected {depth - 1} or more")
    if len(names) > depth + 1:
        sentence = f"topic: goes deeper than unit and metric; got {len(names)} levels; expected at most {depth + 1}"
        return Misrouted("bad_path", sentence, line if all(map(legal_name, names[: depth - 1])) else "")
    for name in names:
        if legal_name(name) is None:
            return Misrouted("bad_topic", _bad_name(name))
    return Route("own", line, "", tuple(names[depth - 1 :]))


def _route_umh(names: list[str], depth: int) -> Route | Misrouted:
    contract = next((at for at, name in enumerate(names) if name[0] == "_"), 0)
    if contract == 0 or contract == len(names) - 1:
        return Misrouted("bad_topic", "topic: no UMH topic; expected umh/v1/<path>/_<contract>[/<group>...]/<name>")
    path, below = names[:contract], names[contract + 1 :]
    if not depth - 1 <= len(path) <= depth:
        expected = f"got {len(path)} levels before the contract; expected {depth - 1} or {depth}"
        return Misrouted("bad_path", f"topic: the path ends at no line or unit; {expected}")
    for name in (*path, names[contract][1:], *below):
        if legal_name(name) is None:
            return Misrouted("bad_topic", _bad_name(name))
    line, metric = "/".join(path[: depth - 1]), ".".join(below)
    if legal_name(metric) is None:
        return Misrouted("bad_path", f"topic: groups and name together exceed {MAX_NAME} characters", line)
    return Route("umh", line, path[depth - 1] if len(path) == depth else "", (metric, below[-1]))


def _route_captured(family: str, captured: dict[str, str], levels: tuple[str, ...]) -> Route | Misrouted:
    """Where a topic of an own pattern leads: for `own` and `umh` as the same path below their own prefix would."""
    for name in captured.values():
        if legal_name(name) is None:
            return Misrouted("bad_topic", _bad_name(name))
    path = tuple(captured.get(level, "") for level in levels)
    line, unit, metric = "/".join(path[:-1]) if all(path[:-1]) else "", path[-1], captured.get(METRIC, "")
    if family == "own":
        return Route(family, line, "", tuple(name for name in (unit, metric) if name))
    return Route(family, line, unit, (metric, metric) if family == "umh" else path)


def _bad_name(name: str) -> str:
    expected = f"1 to {MAX_NAME} letters, digits, '-', '_', '.', not beginning with '_'"
    return f"topic: no legal name; got {quote(name)}; expected {expected}"


# family -> (what its topics begin with, who reads the levels after that)
FAMILIES: dict[str, tuple[str, Callable[[list[str], int], Route | Misrouted]]] = {
    "own": ("parkpulse/v1/data/", _route_own),
    "umh": ("umh/v1/", _route_umh),
}


def family_filter(family: str) -> str:
    """What to subscribe to for a family that has topics of its own."""
    return FAMILIES[family][0] + "#"


READ_AS = ("own", "umh", "telegraf", "influx")  # the families that payload codecs know


@dataclass(slots=True)
class Known:
    """Topics by number, kept from call to call, so that a known one costs one look into a table. By number: its route,
    the place of its family in `READ_AS`, its levels below, and the number of the name of a single value there (-1: not
    asked for yet); 0 leads nowhere."""

    numbers: dict[str, int] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=lambda: [Route("", "", "", ())])
    family: Ints = field(default_factory=lambda: np.full(1, -1))
    depth: Ints = field(default_factory=lambda: np.zeros(1, np.int64))
    single: Ints = field(default_factory=lambda: np.full(1, -1))
    names: NameNumbers = field(default_factory=NameNumbers)
    layouts: Layouts = field(init=False)

    def __post_init__(self) -> None:
        self.layouts = Layouts(self.names)

    def learn(self, routes: dict[str, Route]) -> None:
        self.numbers |= zip(routes, range(len(self.routes), len(self.routes) + len(routes)), strict=True)
        self.routes += routes.values()
        families = np.array([READ_AS.index(route.family) for route in routes.values()], np.int64)
        self.family = np.append(self.family, families)
        self.depth = np.append(self.depth, np.array([len(route.below) for route in routes.values()], np.int64))
        self.single = np.append(self.single, np.full(len(routes), -1))

    def forget(self) -> None:
        self.numbers, self.routes, self.layouts = {}, self.routes[:1], Layouts(self.names)
        self.family, self.depth, self.single = self.family[:1], self.depth[:1], self.single[:1]

    def begin(self) -> NameNumbers:
        """Where the names of a call are kept: with those of the calls before it, unless these are too many."""
        if self.names.is_full:
            self.names = NameNumbers()
            self.layouts = Layouts(self.names)
            self.single[:] = -1
        return self.names

    def single_names(self, topic: Ints) -> Ints:
        """The numbers of the names of single values."""
        name: Ints = self.single[topic]
        if (name < 0).any():
            for at in np.unique(topic[name < 0]).tolist():
                self.single[at] = self.names.number(_single_name(self.routes[at]))
            name = self.single[topic]
        return name


def _single_name(route: Route) -> Name:
    below = route.below
    if route.family == "umh":
        return Name(route.line, route.unit, below[0])
    return Name(route.line, below[0] if len(below) == 2 else "", below[-1] if below else "")


@dataclass(frozen=True, slots=True)
class Grammar:
    """The configured levels (the last is the unit, the one before it the line), the families switched on, and own
    patterns."""

    levels: tuple[str, ...]
    families: frozenset[str] = frozenset(FAMILIES)
    patterns: tuple[Pattern, ...] = ()
    known: Known = field(default_factory=Known, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.levels) < 2:
            raise ConfigError(f"levels: too few; got {len(self.levels)}; expected at least a line and a unit")

    def route(self, topic: str) -> Route | Misrouted:
        """Where a topic leads, or why nowhere."""
        number = self.known.numbers.get(topic)
        return self._read(topic) if number is None else self.known.routes[number]

    def numbers(self, topics: Sequence[str]) -> Ints:
        """Their numbers in `known`; the same topics come again and again, so good ones are remembered (bounded)."""
        found = self._look_up(topics)
        unknown = np.flatnonzero(found == 0)
        if len(unknown) == 0:
            return found
        if len(self.known.routes) > REMEMBERED:
            self.known.forget()
            unknown = np.arange(len(topics))
        read = {topic: self._read(topic) for topic in dict.fromkeys([topics[at] for at in unknown.tolist()])}
        self.known.learn({topic: route for topic, route in read.items() if isinstance(route, Route)})
        return self._look_up(topics)

    def _look_up(self, topics: Sequence[str]) -> Ints:
        return np.fromiter(map(self.known.numbers.get, topics, repeat(0)), np.int64, len(topics))

    def _read(self, topic: str) -> Route | Misrouted:
        if len(topic) > MAX_TOPIC_BYTES or len(topic.encode("utf-8", "surrogatepass")) > MAX_TOPIC_BYTES:
            return Misrouted("bad_topic", f"topic: too long; expected at most {MAX_TOPIC_BYTES} bytes")
        if _FORBIDDEN.search(topic):
            return Misrouted("bad_topic", f"topic: holds a control character, '+', '#' or '$'; got {quote(topic)}")
        topic = unicodedata.normalize("NFC", topic)
        family = next((family for family, (prefix, _) in FAMILIES.items() if topic.startswith(prefix)), "")
        if family in self.families:
            prefix, read_levels = FAMILIES[family]
            names = topic[len(prefix) :].split("/")
            if "" in names:
                return Misrouted("bad_topic", f"topic: an empty level; got {quote(topic)}")
            return read_levels(names, len(self.levels))
        for pattern in self.patterns:
            captured = pattern.captures(topic)
            if captured is not None:
                return _route_captured(pattern.family, captured, self.levels)
        if family:
            return Misrouted("bad_topic", f"topic: the family {family!r} is switched off in the configuration")
        known = ", ".join([*(prefix + "..." for prefix, _ in FAMILIES.values()), *(p.text for p in self.patterns)])
        return Misrouted("bad_topic", f"topic: of no known family; got {quote(topic)}; expected {known[:300]}")
