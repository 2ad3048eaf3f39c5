"""What the models say about a place in a file: its keys, its choices, an example; and what is left of a broken file.

Rule: a place is a path of keys and indexes, as pydantic gives it; nothing here makes sentences.
"""

from collections.abc import Sequence
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Loc = tuple[str | int, ...]


def fields_at(model: type[BaseModel], loc: Loc) -> dict[str, FieldInfo]:
    """The keys of a table, by the name they have in a file."""
    at = _annotation_at(model, loc)
    return _fields(at) if isinstance(at, type) and issubclass(at, BaseModel) else {}


def choices_at(model: type[BaseModel], loc: Loc) -> tuple[object, ...]:
    """The words that are legal there."""
    return _choices(_annotation_at(model, loc))


def example_at(model: type[BaseModel], loc: Loc) -> object:
    """An example of a required key; "" where there is none."""
    field = fields_at(model, loc[:-1]).get(str(loc[-1]))
    return field.examples[0] if field is not None and field.examples else ""


def is_required(model: type[BaseModel], loc: Loc) -> bool:
    field = fields_at(model, loc[:-1]).get(str(loc[-1]))
    return field is not None and field.is_required()


def last_key(loc: Loc) -> Loc:
    """Up to the last name: a wrong entry of a list makes the list wrong."""
    last = max((i for i, step in enumerate(loc) if isinstance(step, str)), default=-1)
    return loc[: last + 1]


def without(raw: object, locs: Sequence[Loc]) -> object:
    """The same without the keys at these places."""
    keys = [last_key(loc) for loc in locs]
    if isinstance(raw, list):
        return [without(item, [key[1:] for key in keys if key[:1] == (i,)]) for i, item in enumerate(raw)]
    if not isinstance(raw, dict):
        return raw
    gone = {key[0] for key in keys if len(key) == 1}
    return {
        name: without(value, [key[1:] for key in keys if key[:1] == (name,)])
        for name, value in raw.items()
        if name not in gone
    }


def put(raw: object, loc: Loc, value: object) -> None:
    """Sets a key of a table that is there."""
    for step in loc[:-1]:
        if isinstance(raw, list) and isinstance(step, int):
            raw = raw[step]
        elif isinstance(raw, dict):
            raw = raw.get(step)
    if isinstance(raw, dict):
        raw[loc[-1]] = value


def as_tuples(raw: object) -> object:
    """Lists as tuples: strict models take nothing else."""
    if isinstance(raw, list):
        return tuple(as_tuples(item) for item in raw)
    return {name: as_tuples(value) for name, value in raw.items()} if isinstance(raw, dict) else raw


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _annotation_at(model: type[BaseModel], loc: Loc) -> object:
    at: object = model
    for step in loc:
        if isinstance(at, type) and issubclass(at, BaseModel):
            field = _fields(at).get(str(step))
            at = None if field is None else field.annotation
        else:
            at = next((part for part in reversed(get_args(at)) if part is not Ellipsis), None)
    return at


def _choices(annotation: object) -> tuple[object, ...]:
    """The words of a Literal, also inside an Annotated."""
    parts = get_args(annotation)
    return _choices(parts[0]) if parts and get_origin(parts[0]) is not None else parts
