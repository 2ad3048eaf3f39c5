"""Finds device clocks that stand still, and takes the time of receipt in their place.

A series whose last ten or more samples carry one and the same stamp while its value changes, and no `seq` to order
them, has no clock of its own: t = time of receipt, row flag FROZEN. A repeated message changes no value and counts
nothing.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pipeline.core.samples import FROZEN, UNDATED, Name, Samples

_NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Stamps:
    """Of each series its newest stamp, its newest value, and how often the value changed under that stamp."""

    series: Mapping[Name, int] = field(default_factory=dict)
    t: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    value: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    changes: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


def restamp(
    stamps: Stamps, samples: Samples, receipt_ms: npt.NDArray[np.int64], at_least: int
) -> tuple[Stamps, Samples]:
    """`receipt_ms` of each row. The sample that is the `at_least`-th under its stamp is the first to be changed."""
    own = np.flatnonzero((samples.seq == 0) & ((samples.flags & UNDATED) == 0))
    if not len(own):
        return stamps, samples
    stamps, codes = _know(stamps, samples.names)
    series = codes[samples.name[own]]
    order = np.argsort(series, kind="stable")
    own, series = own[order], series[order]
    t, value = samples.t[own], _comparable(samples, own)
    first = np.diff(series, prepend=-1) != 0
    same = t == np.where(first, stamps.t[series], np.roll(t, 1))
    changed = same & (value != np.where(first, stamps.value[series], np.roll(value, 1)))
    changes = _count_since_new_stamp(first, same, changed, stamps.changes[series])
    last = np.flatnonzero(np.roll(first, -1))
    newest = Stamps(stamps.series, stamps.t.copy(), stamps.value.copy(), stamps.changes.copy())
    newest.t[series[last]], newest.value[series[last]] = t[last], value[last]
    newest.changes[series[last]] = changes[last]
    frozen = own[changes >= at_least - 1]
    if not len(frozen):
        return newest, samples
    times, flags = samples.t.copy(), samples.flags.copy()
    times[frozen] = receipt_ms[frozen]
    flags[frozen] |= FROZEN
    return newest, replace(samples, t=times, flags=flags)


def _know(stamps: Stamps, names: list[Name]) -> tuple[Stamps, npt.NDArray[np.int64]]:
    """Gives new series a place; the second is the place of each name."""
    new = [name for name in dict.fromkeys(names) if name not in stamps.series]
    if new:
        series = {**stamps.series, **{name: len(stamps.series) + i for i, name in enumerate(new)}}
        none = np.zeros(len(new), np.int64)
        stamps = Stamps(
            series,
            np.concatenate((stamps.t, none + _NEVER)),
            np.concatenate((stamps.value, none.astype(np.float64))),
            np.concatenate((stamps.changes, none)),
        )
    return stamps, np.array([stamps.series[name] for name in names], np.int64)


def _comparable(samples: Samples, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
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
    before: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Running number of changes under one stamp, going on from `before` where a series' stamp did not move."""
    total = np.cumsum(changed)
    base = np.where(same, total - changed - before, total)
    anchor = np.maximum.accumulate(np.where(first | ~same, np.arange(len(first)), 0))
    return np.asarray(total - base[anchor], np.int64)
