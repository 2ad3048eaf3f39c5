"""Finds device clocks that stand still, and takes the time of receipt in their place.

A series whose last ten or more samples carry one and the same stamp while its value changes, and no `seq` to order
them, has no clock of its own: t = time of receipt, row flag FROZEN. A repeated message changes no value and counts
nothing.

Memory is bounded: series are heard in generations of `most` / 2, and what a whole generation did not hear is
forgotten at its end. Generations end between rows, wherever calls are cut.
"""

import zlib
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pipeline.core.samples import FROZEN, UNDATED, Name, Samples
from pipeline.core.short_sort import stably_sorted
from pipeline.steps.known_names import KnownNames
from pipeline.steps.names_table import Numbers

_NEVER = np.iinfo(np.int64).min
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]  # indexes into samples


@dataclass(frozen=True, slots=True)
class Stamps:
    """Of each series its newest stamp, its newest value, how often the value changed under that stamp, and whether
    this generation heard it (`young`: how many it heard).

    `series` only grows, and older Stamps of the same generation share it: a place beyond their columns is new to them.
    """

    series: dict[Name, int] = field(default_factory=dict)
    t: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    value: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    changes: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    heard: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    young: int = 0


def restamp(
    stamps: Stamps, samples: Samples, known: KnownNames, receipt_ms: Ints, bounds: tuple[int, int]
) -> tuple[Stamps, Samples]:
    """`receipt_ms` of each row; `known`: their names; `bounds`: `at_least` and `most`. The sample that is the
    `at_least`-th under its stamp is the first to be changed."""
    own = np.flatnonzero((samples.seq == 0) & ((samples.flags & UNDATED) == 0))
    frozen: list[Rows] = []
    while len(own):
        stamps, taken, found = _listen(stamps, samples, known, own, bounds)
        frozen.append(found)
        own = own[taken:]
    rows = np.concatenate(frozen) if frozen else own
    if not len(rows):
        return stamps, samples
    times, flags = samples.t.copy(), samples.flags.copy()
    times[rows] = receipt_ms[rows]
    flags[rows] |= FROZEN
    return stamps, replace(samples, t=times, flags=flags)


def _listen(
    stamps: Stamps, samples: Samples, known: KnownNames, own: Rows, bounds: tuple[int, int]
) -> tuple[Stamps, int, Rows]:
    """Takes the rows that this generation has room for (how many), and finds those whose clock stands still."""
    at_least, most = bounds
    stamps, series = _know(stamps, samples, known, own)
    unheard = np.flatnonzero(~stamps.heard[series])
    _, first = np.unique(series[unheard], return_index=True)
    fresh = np.sort(unheard[first])
    room = max(1, most // 2) - stamps.young
    ends = len(fresh) > room
    if ends:
        own, series = own[: fresh[room]], series[: fresh[room]]
    found = _count(stamps, samples, own, series, at_least)
    stamps = _forget(stamps) if ends else replace(stamps, young=stamps.young + len(fresh))
    return stamps, len(own), found


def _count(stamps: Stamps, samples: Samples, own: Rows, series: Numbers, at_least: int) -> Rows:
    """Writes on the columns of `stamps`."""
    if np.bincount(series).max(initial=0) > 1:
        order = stably_sorted(series)
        own, series = own[order], series[order]
    t, value = samples.t[own], _comparable(samples, own)
    first = np.diff(series, prepend=-1) != 0
    same = t == np.where(first, stamps.t[series], np.roll(t, 1))
    changed = same & (value != np.where(first, stamps.value[series], np.roll(value, 1)))
    changes = _count_since_new_stamp(first, same, changed, stamps.changes[series])
    last = np.flatnonzero(np.roll(first, -1))
    place = series[last]
    stamps.t[place], stamps.value[place], stamps.changes[place] = t[last], value[last], changes[last]
    stamps.heard[place] = True
    return own[changes >= at_least - 1]


def _know(stamps: Stamps, samples: Samples, known: KnownNames, own: Rows) -> tuple[Stamps, Numbers]:
    """A copy to be written on, with places for new series; the second is the place of each row's series."""
    places = known.numbers(samples.name[own], stamps.series)
    none = np.zeros(len(stamps.series) - len(stamps.t), np.int64)
    stamps = replace(
        stamps,
        t=np.concatenate((stamps.t, none + _NEVER)),
        value=np.concatenate((stamps.value, none.astype(np.float64))),
        changes=np.concatenate((stamps.changes, none)),
        heard=np.concatenate((stamps.heard, none.astype(np.bool_))),
    )
    return stamps, places


def _forget(stamps: Stamps) -> Stamps:
    """The next generation begins: it remembers what this one heard."""
    names = [name for name, place in stamps.series.items() if place < len(stamps.heard) and stamps.heard[place]]
    kept = np.array([stamps.series[name] for name in names], np.int64)
    series = {name: i for i, name in enumerate(names)}
    return Stamps(series, stamps.t[kept], stamps.value[kept], stamps.changes[kept], np.zeros(len(kept), np.bool_))


def _comparable(samples: Samples, rows: Rows) -> npt.NDArray[np.float64]:
    """Numbers as they are, texts by their checksum: only told apart, never shown."""
    if not samples.texts:
        return samples.v[rows]
    sums = np.array([zlib.crc32(text.encode(errors="surrogatepass")) for text in samples.texts], np.float64)
    text = samples.text[rows]
    return np.where(text >= 0, sums[text], samples.v[rows])


def _count_since_new_stamp(
    first: npt.NDArray[np.bool_],
    same: npt.NDArray[np.bool_],
    changed: npt.NDArray[np.bool_],
    before: Ints,
) -> Ints:
    """Running number of changes under one stamp, going on from `before` where a series' stamp did not move."""
    total = np.cumsum(changed)
    base = np.where(same, total - changed - before, total)
    anchor = np.maximum.accumulate(np.where(first | ~same, np.arange(len(first)), 0))
    return np.asarray(total - base[anchor], np.int64)
