"""A running pipeline as people watch it: a screen on a terminal that can draw, plain lines elsewhere.

Rule: looking costs little (four pictures a second at most, and at most a fiftieth of the time) and ends nothing: what
cannot be read now is said, and read later.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.live import Live

from pipeline.config.read import Config
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Clock, Log
from pipeline.roles.store import look_at_store
from pipeline.runtime.clock import monotonic
from pipeline.view.amounts import short_names
from pipeline.view.figures import Figures, LineFigures
from pipeline.view.minute import minutes
from pipeline.view.page import WIDE, Page
from pipeline.view.picture import Told, picture
from pipeline.view.plain import line_text
from pipeline.view.tail import Tail, recall_states
from pipeline.view.words import Words

PICTURE_S, PLAIN_S = 0.25, 1.0
SHARE, LONGEST_S = 50, 2.0


def can_draw(console: Console) -> bool:
    """A terminal that moves its cursor and has the letters; not a pipe, a file or TERM=dumb."""
    return console.is_terminal and not console.is_dumb_terminal and not console.options.ascii_only


class View(Protocol):
    """What is drawn on whatever there is."""

    def refresh(self) -> None:
        """Draws anew, if it is time."""


def nothing_measured() -> float | None:
    return None


@dataclass
class Watched:
    """What is watched: `troubles` stand at the top of a screen, `notes` at its foot; `delay_ms` where latency is
    measured otherwise."""

    title: str
    tail: Tail
    clock: Clock
    zone: ZoneInfo
    words: Words
    troubles: Callable[[], Sequence[str]] = tuple
    notes: Callable[[], Sequence[str]] = tuple
    delay_ms: Callable[[], float | None] = nothing_measured
    is_unreadable: bool = False

    def look(self, width: int) -> tuple[list[LineFigures], Page]:
        try:
            self.tail.look()
            self.is_unreadable = False
        except Unavailable:
            self.is_unreadable = True
        lines = self.tail.figures.lines
        page = Page(self.words, self.zone, self.clock.now_ms(), width, short_names(list(lines)), self.delay_ms())
        return list(lines.values()), page

    def all_troubles(self) -> list[str]:
        return [*self.troubles(), *([self.words["unreadable"]] if self.is_unreadable else [])]


@dataclass
class Screen:
    """The whole terminal, restored at the end."""

    watched: Watched
    console: Console
    live: Live
    due: float = 0.0

    def refresh(self) -> None:
        now = monotonic()
        if now >= self.due:
            width, height = self.console.size
            lines, page = self.watched.look(width)
            told = Told(self.watched.title, self.watched.all_troubles(), self.watched.notes())
            rows = picture(told, lines, page, height)
            self.live.update(Group(*rows), refresh=True)
            self.due = now + min(LONGEST_S, max(PICTURE_S, SHARE * (monotonic() - now)))


@dataclass
class PlainLines:
    """A line of text for each line, by `say`."""

    watched: Watched
    say: Callable[[str], None]
    due: float = field(default_factory=lambda: monotonic() + PLAIN_S)

    def refresh(self) -> None:
        now = monotonic()
        if now >= self.due:
            self.due = now + PLAIN_S
            lines, page = self.watched.look(WIDE)
            found = minutes(lines)
            for trouble in self.watched.all_troubles():
                self.say(trouble)
            for line in (line for line in lines if not line.is_pseudo):
                self.say(line_text(line, found.get(line.path), page))


@contextmanager
def on_screen(watched: Watched, console: Console) -> Iterator[Screen]:
    with Live(console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        yield Screen(watched, console, live)


@contextmanager
def shown(watched: Watched, console: Console, say: Callable[[str], None]) -> Iterator[View]:
    """The view that this terminal, or file, can have."""
    if can_draw(console):
        with on_screen(watched, console) as screen:
            yield screen
    else:
        with closing(watched.tail):
            yield PlainLines(watched, say)


def watched(config: Config, log: Log, clock: Clock, words: Words, title: str) -> Watched:
    """The lines of a configuration, with what the log and the store know of them already."""
    figures = Figures(config.lines, clock.now_ms())
    with suppress(Unavailable), closing(look_at_store(config)) as store:  # what it does not tell now, the log will
        recall_states(figures, store, clock.now_ms())
    return Watched(title, Tail(log, figures), clock, ZoneInfo(config.timezone), words)
