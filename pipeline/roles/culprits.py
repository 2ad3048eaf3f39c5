"""Which of several things make a piece of work fail, for work that may be done again.

Rule: what the world lacks, and what ends the process, is nobody's fault and goes on up. Where more than a few are there
and all of them fail, it is the work that is wrong, and its error goes up too.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pipeline.core.errors import ParkPulseError

T = TypeVar("T")
ON_PURPOSE = (KeyboardInterrupt, SystemExit)
MOST = 3  # that may all fail


def culprits(items: Sequence[T], work: Callable[[Sequence[T]], object]) -> dict[int, BaseException]:
    """By place, those with which it fails alone, and what it raised; it was done for the others, in their order."""
    found: dict[int, BaseException] = {}

    def sift(first: int, end: int) -> None:
        try:
            work(items[first:end])
        except (ParkPulseError, *ON_PURPOSE):
            raise
        except BaseException as error:
            if end - first == 1:
                found[first] = error
                return
            middle = (first + end) // 2
            sift(first, middle)
            sift(middle, end)

    if items:
        sift(0, len(items))
    if len(found) == len(items) > MOST:
        raise next(iter(found.values()))
    return found


def named(error: BaseException) -> str:
    """In one clause."""
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0][:300]}" if said else type(error).__name__
