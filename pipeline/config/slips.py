"""Slips: one line for the operator about each thing that is wrong in the configuration.

Rule: file: key.path: what is wrong; got ...; expected ...; do this. Nothing of pydantic's own wording reaches people.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.config.shape import Loc, as_tuples, choices_at, example_at, fields_at, is_required, last_key, put, without
from pipeline.core.spelling import unknown

NAMELESS = "nameless"  # stands in for a name that is missing or wrong
M = TypeVar("M", bound=BaseModel)

_EXPECTED = {
    "string": "a text in quotes", "int": "a whole number", "float": "a number", "finite": "a finite number",
    "bool": "true or false", "tuple": "a list in [ ]", "dict": "a table", "model": "a table",
}  # fmt: skip
_BOUNDS = {
    "greater_than": "> {gt}",
    "greater_than_equal": ">= {ge}",
    "less_than": "< {lt}",
    "less_than_equal": "<= {le}",
}


class Slip(NamedTuple):
    """What is wrong, and where in a file. `secret`: the file is right, what it names is not there."""

    loc: Loc
    text: str
    key: Literal["wrong", "unknown", "missing", "secret"] = "wrong"

    def line(self, file: str) -> str:
        return f"{file}: {key_path(self.loc)}: {self.text}" if self.loc else f"{file}: {self.text}"


def key_path(loc: Loc) -> str:
    """("alarms", 0, "kind") -> alarms[0].kind"""
    path = ""
    for step in loc:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def validate(model: type[M], raw: object) -> tuple[M | None, list[Slip]]:
    """The model, and its slips. With slips the model is for further checks only: wrong keys left out, missing ones
    filled in; None if that cannot be read either."""
    try:
        return model.model_validate(as_tuples(raw)), []
    except ValidationError as error:
        every = error.errors(include_url=False)
        slips = [_slip(model, details) for details in every if not _follows(details, every)]
    try:
        return model.model_validate(as_tuples(_mended(raw, model, slips))), slips
    except ValidationError:
        return None, slips


def beside(slips: list[Slip], further: Iterable[Slip]) -> list[Slip]:
    """The further slips that do not merely follow from a wrong key at their place or, for a whole table, in it."""
    wrong = {last_key(slip.loc) for slip in slips if slip.key != "unknown"}
    broken = wrong | {loc[:-1] for loc in wrong}
    return [slip for slip in further if slip.loc not in broken and NAMELESS not in slip.text]


def _follows(details: ErrorDetails, every: list[ErrorDetails]) -> bool:
    """A list is too short only because an entry is wrong."""
    loc = details["loc"]
    return details["type"] == "too_short" and any(other["loc"][:-1] == loc for other in every)


def _slip(model: type[BaseModel], details: ErrorDetails) -> Slip:
    loc = tuple(step for step in details["loc"] if step != "[key]")
    kind, got, limits = details["type"], details["input"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return Slip(loc, unknown("key", str(loc[-1]), fields_at(model, loc[:-1])), "unknown")
    if kind == "missing":
        return Slip(loc, f"is missing; {_example(model, loc)}", "missing")
    if kind == "value_error":
        return Slip(loc, str(limits["error"]))
    if kind == "literal_error":
        return Slip(loc, _no_choice(model, loc, got))
    if kind in _BOUNDS:
        return Slip(loc, f"out of range; got {got!r}; expected {_BOUNDS[kind].format(**limits)}")
    if kind in ("too_short", "string_too_short"):
        return Slip(loc, "is empty; expected at least one character or entry")
    expected = next((text for start, text in _EXPECTED.items() if kind.startswith(start)), details["msg"])
    return Slip(loc, f"wrong type; got {_shown(got)}; expected {expected}")


def _mended(raw: object, model: type[BaseModel], slips: list[Slip]) -> object:
    """Without what is wrong; with examples where a key is needed, so that the rest can be checked."""
    rest = without(raw, [slip.loc for slip in slips if slip.key != "missing" or isinstance(slip.loc[-1], int)])
    for slip in slips:
        loc = last_key(slip.loc)
        if slip.key != "unknown" and is_required(model, loc):
            put(rest, loc, NAMELESS if loc[-1] == "name" else example_at(model, loc))
    return rest


def _example(model: type[BaseModel], loc: Loc) -> str:
    return f"add it, for instance {loc[-1]} = {example_at(model, loc)!r}" if isinstance(loc[-1], str) else "add it"


def _no_choice(model: type[BaseModel], loc: Loc, got: object) -> str:
    choices = choices_at(model, loc)
    if not isinstance(got, str):
        return f"wrong value; got {_shown(got)}; expected one of {', '.join(map(repr, choices))}"
    noun = loc[-1] if isinstance(loc[-1], str) else "value"
    return unknown(noun, got, map(str, choices))


def _shown(got: object) -> str:
    return repr(list(got) if isinstance(got, tuple) else got)[:80]
