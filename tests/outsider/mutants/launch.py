"""Starts the product with one rule broken: `launch.py MUTANT run CONFIG`. The stranger's tests have to see it."""

import sys
from types import SimpleNamespace
from unicodedata import category

import numpy as np

import connectors.codecs.topics
import pipeline.core.line_times
import pipeline.core.order
from pipeline.cli import main


def no_dedup() -> None:
    """Every row counts, however often it comes."""
    pipeline.core.order._same = lambda rows, order: np.zeros(len(order) - 1, np.bool_)


def lateness_0() -> None:
    """Clocks follow the newest row at once."""
    times = pipeline.core.line_times.LineTimes
    real = times.set
    times.set = lambda self, line, time: real(self, line, time.model_copy(update={"allowed_lateness_ms": 0}))


def no_nfc() -> None:
    """Names stay as they are spelled."""
    connectors.codecs.topics.unicodedata = SimpleNamespace(category=category, normalize=lambda _form, text: text)


MUTANTS = {"none": lambda: None, "no_dedup": no_dedup, "lateness_0": lateness_0, "no_nfc": no_nfc}

if __name__ == "__main__":
    MUTANTS[sys.argv.pop(1)]()
    main()
