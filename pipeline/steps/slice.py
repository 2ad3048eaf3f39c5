"""Records of one partition as columns, and what is known of each: its line, its stream, the series it names.

Why it is fast: what a sender's code means to the partition (line, stream, table of names) is found out once, and looked
up for all records by one `take`. Everything works on columns.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from pipeline.core.line_config import LineConfig, validated
from pipeline.core.polled import BY_RECORD, BY_ROW, Entry, Flags, Ints, Polled
from pipeline.core.senders import Senders
from pipeline.core.tables import UNKNOWN
from pipeline.steps.partition import PartitionState

_MET = ("line", "stream", "named", "names_at")
_SAID = tuple(field.name for field in fields(Polled))


@dataclass(frozen=True, slots=True)
class Slice(Polled):
    """Records that were met: by record, too, line and stream code, is its stream `named`, where the codes of its names
    begin."""

    line: Ints
    stream: Ints
    named: Flags
    names_at: Ints

    def sender_of(self, record: int) -> tuple[int, str]:
        """Line code and gateway."""
        return int(self.line[record]), self.senders.keys[int(self.sender[record])][1]

    def take(self, index: npt.NDArray[np.intp]) -> "Slice":
        """Some of its records, in their order."""
        chosen = np.zeros(len(self), np.bool_)
        chosen[index] = True
        rows = np.flatnonzero(np.repeat(chosen, self.size))
        columns = {name: getattr(self, name).take(index) for name in (*BY_RECORD, *_MET)}
        by_row = {name: getattr(self, name) for name in BY_ROW}
        columns |= {name: None if column is None else column.take(rows) for name, column in by_row.items()}
        return replace(self, **columns)


def met(state: PartitionState, part: Polled) -> Slice:
    """The records with what the partition knows of them; what is new is made known in log order: a line that nobody
    declared has the defaults."""
    tables = state.registry.tables
    place = tables.of(part.senders, part.sender)
    new = np.flatnonzero(place == UNKNOWN)
    if len(new):
        if tables.make_room():
            new = np.arange(len(part))
        for sender in dict.fromkeys(part.sender[new].tolist()):
            tables.place[sender] = _place(state, part.senders, sender)
        place = tables.place.take(part.sender)
    said = {name: getattr(part, name) for name in _SAID}
    return Slice(
        **said, line=tables.line.take(place), stream=tables.stream.take(place), named=tables.named.take(place),
        names_at=tables.begin.take(place),
    )  # fmt: skip


def _place(state: PartitionState, senders: Senders, sender: int) -> int:
    tables, registry = state.registry.tables, state.registry
    key, names = senders.keys[sender], senders.names[sender]
    place = tables.places.get(key)
    if place is not None:
        return place
    path, gateway, boot, _ = key
    line = registry.lines.get(path)
    if line is None:
        line = registry.line(path)
        state.configure(line, LineConfig(path=path))
    stream = state.ledger.streams.code(line, gateway, boot)
    return tables.put(key, names, (line, stream, bool(gateway)), registry.codes(line, names))


def configure(state: PartitionState, first: Entry) -> None:
    """A configuration record comes into force."""
    state.configure(state.registry.line(first.line), validated(first.line, first.frame.body))
