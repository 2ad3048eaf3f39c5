"""The names block of a frame: bytes to names and back, remembered, because most frames repeat the block of the last.

Rule: equal bytes give one object, so that a reader may know it again; what is remembered is bounded in memory.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

MAX_NAMES = 0xFFFF
MAX_BYTES = 64 << 20  # of memory for what is remembered, both ways together
NAME_BYTES = 200  # of memory for a name that was read


class FrameError(ValueError):
    """These bytes are no frame; the sentence says why."""


class FrameName(NamedTuple):
    """Where a series lives within its line; `source` "" = the path of the row's own equipment."""

    unit: str
    metric: str
    source: str


Names = tuple[FrameName, ...]


@dataclass(slots=True)
class NamesBlocks:
    """Blocks by (gateway, id of their names), and their names by block."""

    blocks: dict[tuple[str, int], tuple[Names, bytes]] = field(default_factory=dict)
    names: dict[bytes, tuple[str, Names]] = field(default_factory=dict)
    size: int = 0

    def encode(self, gateway: str, names: Names) -> bytes:
        known = self.blocks.get((gateway, id(names)))
        if known is None:
            known = names, _encode(gateway, names)
            self._make_room(len(known[1]))
            self.blocks[gateway, id(names)] = known
        return known[1]

    def decode(self, block: bytes) -> tuple[str, Names]:
        known = self.names.get(block)
        if known is None:
            known = _decode(block)
            self._make_room(len(block) + NAME_BYTES * len(known[1]))
            self.names[block] = known
        return known

    def _make_room(self, size: int) -> None:
        if self.size + size > MAX_BYTES:
            self.blocks.clear()
            self.names.clear()
            self.size = 0
        self.size += size


def _encode(gateway: str, names: Names) -> bytes:
    joined = "\x1e".join((gateway, *map("\x1f".join, names)))
    if len(names) > MAX_NAMES or joined.count("\x1e") != len(names) or joined.count("\x1f") != 2 * len(names):
        raise FrameError(f"frame: more than {MAX_NAMES} names, or a name that holds a control character 1E or 1F")
    return joined.encode()


def _decode(block: bytes) -> tuple[str, Names]:
    try:
        gateway, *entries = block.decode().split("\x1e")
    except UnicodeDecodeError as error:
        raise FrameError(f"frame: a block is not UTF-8; {error}") from None
    fields = [entry.split("\x1f") for entry in entries]
    if "\x1f" in gateway or len(entries) > MAX_NAMES or any(len(names) != 3 for names in fields):
        raise FrameError(f"frame: the names block holds more than {MAX_NAMES} names, or one that has not three fields")
    return gateway, tuple(map(FrameName._make, fields))
