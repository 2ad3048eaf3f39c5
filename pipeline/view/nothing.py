"""What is said where a question finds nothing: which lines there are, and between which times.

>>> from pipeline.view.words import Words
>>> nothing_there(["a/1", "a/2", "a/3", "a/4", "a/5"], (0, 60_000), Words("en"))
'nothing matches; there is data of a/1, a/2, a/3 (+2 more lines) between 1970-01-01T00:00:00Z and 1970-01-01T00:01:00Z'
"""

from collections.abc import Sequence

from pipeline.view.records import moment, safe
from pipeline.view.words import Words

NAMED = 3


def nothing_there(lines: Sequence[str], period: tuple[int, int] | None, words: Words) -> str:
    """One line of text."""
    if period is None:
        return words["nothing_stored"]
    lines = [line for line in lines if not line.startswith("_")]  # what could not be assigned to one
    named = ", ".join(safe(line) for line in lines[:NAMED])
    more = f" (+{len(lines) - NAMED} {words['other_lines']})" if len(lines) > NAMED else ""
    first, last = (moment(ms).replace(".000Z", "Z") for ms in period)
    return f"{words['nothing']} {named}{more} {words['between']} {first} {words['and']} {last}"
