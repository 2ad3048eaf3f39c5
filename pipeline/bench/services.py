"""The real services that benchmarks need: those named in the environment, else brought up for this call alone.

Rule: what somebody else runs is used as it is; what we brought up is gone at the end, whatever happened.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from connectors.services.catalogue import CATALOGUE
from connectors.services.down import take_down
from connectors.services.up import bring_up


def _quiet(service: str, text: str, passing: bool = False) -> None:
    """What a start says is of no use beside a table."""


@contextmanager
def serving(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """By service why it is not to be had; the addresses of the others stand in the environment meanwhile."""
    missing = [one for one in CATALOGUE if one.name in names and not os.environ.get(one.variable)]
    if not missing:
        yield {}
        return
    with TemporaryDirectory(prefix="parkpulse-bench-") as folder:
        place = Path(folder, "run")
        try:
            standings = bring_up(place, missing, None, os.environ, _quiet)
            here = {one.variable: one.address for one in standings if one.serves}
            os.environ.update(here)
            yield {one.service: one.note for one in standings if not one.serves}
        finally:
            for variable in [one.variable for one in missing]:
                os.environ.pop(variable, None)
            take_down(place, _quiet)
