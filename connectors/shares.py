"""Which member of a group works on which partitions: even shares, and what a member has it keeps as far as it can.

Rules: pure, and the same on every machine; of several that claim a partition the newest claim counts (a claim is the
group's generation when it was given), so one that was away longer than its session loses to its successor.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Claim(NamedTuple):
    """What a member had, and since which generation of the group."""

    generation: int = 0
    partitions: Sequence[int] = ()


def shares(claims: Mapping[str, Claim], partitions: int) -> dict[str, list[int]]:
    """
    >>> shares({"a": Claim(3, [0, 1, 2, 3]), "b": Claim()}, 4)
    {'a': [0, 1], 'b': [2, 3]}
    >>> shares({"a": Claim(3, [0, 1]), "b": Claim(4, [1, 2, 3])}, 5)
    {'a': [0, 4], 'b': [1, 2, 3]}
    """
    kept = _undisputed(claims, partitions)
    order = sorted(claims, key=lambda member: (-len(kept[member]), member))
    least, extra = divmod(partitions, len(claims))
    sizes = {member: least + (place < extra) for place, member in enumerate(order)}
    given = {member: kept[member][: sizes[member]] for member in order}
    taken = {partition for some in given.values() for partition in some}
    free = [partition for partition in range(partitions) if partition not in taken]
    for member in order:
        room = sizes[member] - len(given[member])
        given[member] += free[:room]
        free = free[room:]
    return {member: sorted(given[member]) for member in sorted(given)}


def _undisputed(claims: Mapping[str, Claim], partitions: int) -> dict[str, list[int]]:
    holder: dict[int, str] = {}
    for member in sorted(claims, key=lambda member: (claims[member].generation, member)):
        holder |= {partition: member for partition in claims[member].partitions if partition < partitions}
    return {member: sorted(p for p, by in holder.items() if by == member) for member in claims}
