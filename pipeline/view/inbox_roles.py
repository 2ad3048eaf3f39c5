"""Which role a metric may have, guessed from its name and from what was seen of it.

Rule: a guess is a suggestion and is called one; where only the kind of the values speaks for it, it is not sure.

>>> guessed("packs_rejected", "counter", ()), guessed("cycles", "counter", ()), guessed("h2o2_temp", "number", ())
(Guess(role='reject_count', sure=True), Guess(role='good_count', sure=False), Guess(role='temperature', sure=True))
>>> guessed("power.kw", "number", ()), guessed("power.kvar", "number", ())
(Guess(role='power', sure=True), None)
>>> guessed("st", "text", ("Execute", "Held")), guessed("torque", "number", ())
(Guess(role='state', sure=True), None)
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.core.line_config import Role
from pipeline.core.packml import KNOWN_STATES, MODES, PROGRAMS, STATES, canonical_name

SINGLE: frozenset[Role] = frozenset({"state", "mode", "good_count", "product", "order"})
"""A unit has one of each; of states and modes the configuration takes no second."""

_NUMBERS = ("number", "counter")
_MODE_NAMES = frozenset({*MODES.values(), *PROGRAMS.values()})
_HINTS: tuple[tuple[Role, tuple[str, ...], tuple[str, ...]], ...] = (
    ("reject_count", ("counter",), ("reject", "scrap", "waste", "bad", "ng", "defect", "phế", "lỗi")),
    ("rework_count", ("counter",), ("rework",)),
    ("energy", ("counter",), ("energy", "kwh", "điện")),
    ("water", ("counter",), ("water", "nước")),
    ("good_count", ("counter",), ("good", "ok", "đạt")),
    ("temperature", _NUMBERS, ("temp", "nhiệt")),
    ("power", _NUMBERS, ("power", "kw")),
    ("product", ("text",), ("product", "sku", "recipe")),
    ("order", ("text",), ("order",)),
)


_NO_POWER = ("kvar", "kva", "var", "pf", "cos", "factor")
"""Reactive and apparent power and its factor: they do not add up to what is used."""


class Guess(NamedTuple):
    role: Role
    sure: bool


def guessed(name: str, kind: str, values: Sequence[str], codes: tuple[float, float] | None = None) -> Guess | None:
    """`values`: the texts seen; `codes`: least and most of whole numbers."""
    words = _words(name)
    seen = {canonical_name(value) for value in values}
    if kind == "text" and seen and seen <= KNOWN_STATES | {"undefined"} and seen & KNOWN_STATES:
        return Guess("state", True)
    if kind == "text" and seen and seen <= _MODE_NAMES and _hints(words, ("mode", "program")):
        return Guess("mode", True)
    for role, kinds, hints in _HINTS:
        if kind in kinds and _hints(words, hints) and not (role == "power" and _hints(words, _NO_POWER)):
            return Guess(role, True)
    if _hints(words, ("state",)) and codes is not None and codes[0] >= 0 and codes[1] < len(STATES):
        return Guess("state", False)
    return Guess("good_count", False) if kind == "counter" else None


def _words(name: str) -> list[str]:
    """
    >>> _words("Motor.OilTemp_2")
    ['motor', 'oil', 'temp', '2']
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).casefold()
    return [word for word in re.split(r"[\W_]+", apart) if word]


def _hints(words: Sequence[str], hints: Sequence[str]) -> bool:
    """Short hints are whole words; longer ones begin or end one."""
    return any(
        word == hint or (len(hint) > 3 and (word.startswith(hint) or word.endswith(hint)))
        for word in words
        for hint in hints
    )
