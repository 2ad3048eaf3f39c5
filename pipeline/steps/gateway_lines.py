"""Which lines a gateway takes in: those it was told of always, others in order of first receipt until there are enough.

Rules: a line counts whether samples or a reject name it first; what names a line beyond that is one reject of its
payload and declared under no line, so neither the gateway nor a worker ever learns the line. Where the payloads are
cut into calls changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pipeline.core.samples import Reject, Samples

MAX_UNDECLARED = 10_000


def take_in(
    known: Mapping[str, object],
    undeclared: int,
    samples: Samples,
    rejects: Sequence[Reject],
    most: int = MAX_UNDECLARED,
) -> tuple[list[str], Samples, list[Reject]]:
    """The lines that are new, the samples of all lines taken in, and the rejects, the new ones among them."""
    found = _newcomers(known, samples, rejects)
    room = max(0, most - undeclared)
    if len(found) <= room:
        return found, samples, list(rejects)
    refused = set(found[room:])
    outside = np.array([name.line in refused for name in samples.names], np.bool_)[samples.name]
    nameless = [replace(reject, line="") if reject.line in refused else reject for reject in rejects]
    nameless += _refusals(samples, np.flatnonzero(outside), most)
    return found[:room], _only(samples, np.flatnonzero(~outside)), sorted(nameless, key=lambda reject: reject.payload)


def _newcomers(known: Mapping[str, object], samples: Samples, rejects: Sequence[Reject]) -> list[str]:
    """Lines not known yet, in order of first receipt."""
    used, rows = np.unique(samples.name, return_index=True)
    lines = {samples.names[name].line for name in used.tolist()} | {reject.line for reject in rejects}
    strangers = lines - known.keys() - {""}
    if not strangers:
        return []
    named = zip(samples.payload[rows].tolist(), rows.tolist(), used.tolist(), strict=True)
    seen = [(payload, row, samples.names[name].line) for payload, row, name in named]
    seen += [(reject.payload, len(samples) + i, reject.line) for i, reject in enumerate(rejects)]
    return [line for line in dict.fromkeys(line for _, _, line in sorted(seen)) if line in strangers]


def _refusals(samples: Samples, rows: npt.NDArray[np.intp], most: int) -> list[Reject]:
    """One for each payload."""
    payloads, first, count = np.unique(samples.payload[rows], return_index=True, return_counts=True)
    lines = [samples.names[name].line for name in samples.name[rows[first]]]
    return [
        Reject(payload, "", "bad_path", _sentence(line, most), held)
        for payload, line, held in zip(payloads.tolist(), lines, count.tolist(), strict=True)
    ]


def _sentence(line: str, most: int) -> str:
    return (
        f"{line}: a line too many; got it after {most} other lines that no file declares; expected at most {most}; "
        "declare it in a file in lines/, or see who sends so many paths, and start the gateway again"
    )


def _only(samples: Samples, rows: npt.NDArray[np.intp]) -> Samples:
    return replace(
        samples, name=samples.name[rows], t=samples.t[rows], v=samples.v[rows], text=samples.text[rows],
        q=samples.q[rows], flags=samples.flags[rows], seq=samples.seq[rows], payload=samples.payload[rows],
    )  # fmt: skip
