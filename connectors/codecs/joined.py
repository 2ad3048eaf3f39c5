"""Payloads parsed by type, many at a time: their values joined, their names known by the layout of their keys.

Rule: only lists are built per payload, no value is looked at.
"""

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np

from connectors.codecs.columns import Bodies, Columns, Values, text_indices
from connectors.codecs.json_cursor import Bools, Ints, Words
from connectors.codecs.json_samples import MAX_SAMPLES, Flaw, Rows, read_value


@dataclass(slots=True)
class Joined:
    """Objects of values one after the other, each of one time: the numbers of their names, how many there are of each
    object, and the payload it is of."""

    bodies: Bodies
    name: list[int] = field(default_factory=list)
    value: list[float | bool | str] = field(default_factory=list)
    is_plain: bool = True  # all values are floats
    width: list[int] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)

    def take(self, owner: int, numbers: Sequence[int], values: Iterable[float | bool | str]) -> None:
        """An object of the payload `owner`; without numbers its names are none that may be."""
        if numbers:
            self.name.extend(numbers)
            self.value.extend(values)
        self.width.append(len(numbers))
        self.owner.append(owner)

    def columns(self, rows: Rows, t: Ints, seq: Words) -> tuple[Columns, Ints]:
        """`t`, `seq`: by object. Also the indices (into `bodies`) of those handed back."""
        bodies, width = self.bodies, np.array(self.width, np.int64)
        object_owner = np.array(self.owner, np.int64)
        owner, name = np.repeat(object_owner, width), np.array(self.name, np.int64)
        values = read_values(self.value, self.is_plain)
        bad_texts = [at for at, text in enumerate(values.texts) if isinstance(read_value(text), Flaw)]
        fits = (values.text >= 0) | np.isfinite(values.v)
        if bad_texts:
            fits &= ~np.isin(values.text, bad_texts)
        fine = _without(len(bodies.texts), owner[~fits], object_owner[width == 0])
        count = np.bincount(owner, minlength=len(fine))
        fine &= (count > 0) & (count <= MAX_SAMPLES)
        good = fine[owner]
        columns = Columns(
            name=name[good],
            t=np.repeat(t, width)[good],
            v=values.v[good],
            text=text_indices(rows, values, good),
            q=np.zeros(np.count_nonzero(good), np.uint64),
            seq=np.repeat(seq, width)[good],
            payload=bodies.payload[owner[good]],
        )
        return columns, np.flatnonzero(~fine)


def _without(size: int, *flawed: Ints) -> Bools:
    fine = np.ones(size, np.bool_)
    for index in flawed:
        fine[index] = False
    return fine


def read_values(value: Sequence[float | bool | str], is_plain: bool) -> Values:
    text = np.full(len(value), -1, np.int64)
    if is_plain:
        return Values(np.array(value, np.float64) + 0.0, text, [])  # -0.0 becomes 0.0, as in the strict codec
    is_text = np.fromiter(map(operator.is_, map(type, value), repeat(str)), np.bool_, len(value))
    mixed = np.array(value, np.object_)
    strings = mixed[is_text].tolist()
    codes = {string: code for code, string in enumerate(dict.fromkeys(strings))}
    text[is_text] = list(map(codes.__getitem__, strings))
    mixed[is_text] = np.nan
    return Values(mixed.astype(np.float64) + 0.0, text, list(codes))
