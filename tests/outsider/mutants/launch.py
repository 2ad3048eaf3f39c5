"""Starts the product with one rule broken: `launch.py MUTANT run CONFIG`. The stranger's tests have to see it."""

import sys
from types import SimpleNamespace
from unicodedata import category

import numpy as np

import connectors.codecs.topics
import pipeline.core.line_times
import pipeline.core.order
import pipeline.steps.correct
from pipeline.cli import main


def no_dedup() -> None:
    """Every row counts, however often it comes."""
    pipeline.core.order._same = lambda rows, order: np.zeros(len(order) - 1, np.bool_)


def no_corrections() -> None:
    """Clocks follow the newest row at once, and what comes late changes no window."""
    times = pipeline.core.line_times.LineTimes
    real = times.set
    times.set = lambda self, line, time: real(self, line, time.model_copy(update={"allowed_lateness_ms": 0}))
    pipeline.steps.correct.windows = lambda state, complete, late: complete


def no_nfc() -> None:
    """Names stay as they are spelled."""
    connectors.codecs.topics.unicodedata = SimpleNamespace(category=category, normalize=lambda _form, text: text)


MUTANTS = {"none": lambda: None, "no_dedup": no_dedup, "no_corrections": no_corrections, "no_nfc": no_nfc}

if __name__ == "__main__":
    MUTANTS[sys.argv.pop(1)]()
    main()
