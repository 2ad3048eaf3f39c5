"""Detector `ewma`: how unusual is a sample, against an exponentially weighted mean and variance of its series.

    z = (x - m) / sqrt(v) before the update, then d = x - m, m += a*d, v = (1 - a)(v + a*d^2), a = 0.05
    z = 0 for the first 20 samples of a series and while v < 1e-18 * max(1, m^2); m begins with the first sample

Rule: samples of a series are taken strictly in order (rounds over the r-th sample of every series), so that a plain
loop gives the same bits. Level 1 from |z| >= 4, level 2 from |z| >= 6.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.grown import grown
from pipeline.core.short_sort import stably_sorted

ALPHA, WARM_UP, FLOOR = 0.05, 20, 1e-18
LEVELS = (4.0, 6.0)
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class EwmaState:
    """By series code: mean f64, var f64, seen i64 (samples so far)."""

    mean: Floats = field(default_factory=lambda: np.zeros(0))
    var: Floats = field(default_factory=lambda: np.zeros(0))
    seen: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def grow(self, size: int) -> None:
        self.mean = grown(self.mean, size, 0.0).astype(np.float64, copy=False)
        self.var = grown(self.var, size, 0.0).astype(np.float64, copy=False)
        self.seen = grown(self.seen, size, 0).astype(np.int64, copy=False)


def step(state: EwmaState, series: npt.NDArray[np.int32], x: Floats) -> tuple[EwmaState, Floats, Floats]:
    """Rows sorted by series, in order within one -> (state, |z| by row, mean after each row)."""
    z, mean_after = np.zeros(len(x)), np.zeros(len(x))
    if not len(x):
        return state, z, mean_after
    starts, sizes = _rounds(series)
    at = _at(series.take(starts).astype(np.intp))
    mean, var, seen = state.mean[at], state.var[at], state.seen[at]
    least = int(seen.min())
    for r, k in enumerate(sizes):
        rows = slice(0, k) if k == len(x) else starts[:k] + r
        m, s, n, v = mean[:k], var[:k], seen[:k], x[rows]
        if least + r == 0:
            fresh = n == 0
            m[fresh] = v[fresh]
        d = v - m
        ready = s >= FLOOR * np.maximum(1.0, m * m)
        if least + r < WARM_UP:
            ready &= n >= WARM_UP
        deviation = np.sqrt(s)
        z[rows] = np.abs(d / deviation if ready.all() else np.divide(d, deviation, out=np.zeros(k), where=ready))
        m += ALPHA * d
        s[:] = (1.0 - ALPHA) * (s + ALPHA * (d * d))
        n += 1
        mean_after[rows] = m
    state.mean[at], state.var[at], state.seen[at] = mean, var, seen
    return state, z, mean_after


def _rounds(series: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.intp], list[int]]:
    """Where series begin, those with most rows first; how many have an r-th row, for each r."""
    starts = np.flatnonzero(np.concatenate(([True], series[1:] != series[:-1])))
    counts = np.diff(np.append(starts, len(series)))
    most = int(counts.max())
    if most * len(counts) > len(series):
        starts = starts.take(stably_sorted(most - counts))
    return starts, (len(counts) - np.cumsum(np.bincount(counts)[:-1])).tolist()


def _at(codes: npt.NDArray[np.intp]) -> npt.NDArray[np.intp] | slice:
    """The same places, as a slice where they rise without a hole."""
    low, size = int(codes[0]), len(codes)
    rising = int(codes[-1]) - low == size - 1 and bool((codes[1:] > codes[:-1]).all())
    return slice(low, low + size) if rising else codes


def level(score: Floats) -> Ints:
    """0, 1 or 2 by |z|."""
    return np.searchsorted(LEVELS, score, side="right")
