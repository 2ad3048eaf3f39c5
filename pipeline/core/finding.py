"""What a look at one place found: it is right, or what is wrong there and the cure; and looks that are still to come.

Rules: a finding is a value, and exactly what is wrong has a cure. Its phrases are English, with `{0}`, `{1}`, ... for
what changes, so that who shows them can say them in another language.

>>> Finding("/data", phrase("{0} MB free", 7)).ok, str(phrase("no answer after {0}", timedelta(seconds=5)))
(True, 'no answer after 0:00:05')
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from pipeline.core.errors import plain

Value = str | int | timedelta


@dataclass(frozen=True, slots=True)
class Phrase:
    """`text` is "{0}" alone where others wrote it: then the only value is all that is said."""

    text: str
    values: tuple[Value, ...] = ()

    def __str__(self) -> str:
        return self.text.format(*self.values)


def phrase(text: str, *values: Value) -> Phrase:
    return Phrase(text, values)


@dataclass(frozen=True, slots=True)
class Finding:
    """`place`: an address, a topic, a path: the same in every language."""

    place: str
    what: Phrase
    cure: Phrase | None = None

    @property
    def ok(self) -> bool:
        return self.cure is None


class Check(NamedTuple):
    """A look at one place, given up after `limit_s`. It changes nothing there. What it raises is one finding more."""

    place: str
    look: Callable[[], Iterable[Finding]]
    limit_s: float = 30.0


def trouble(place: str, error: Exception, cure: Phrase) -> Finding:
    """What was raised, in the grammar of our messages: the clause behind its last semicolon is the cure, else `cure`.

    >>> found = trouble("h:1", OSError("h:1: away; got 7; start it"), phrase("correct it"))
    >>> str(found.what), str(found.cure)
    ('away; got 7', 'start it')
    >>> str(trouble("h:1", ValueError("away"), phrase("correct it")).cure)
    'correct it'
    """
    text = plain(error)
    text = text[text.find(f"{place}: ") + len(place) + 2 :] if f"{place}: " in text else text
    what, _, told = text.rpartition("; ")
    return Finding(place, phrase("{0}", what or text), phrase("{0}", told) if what else cure)
