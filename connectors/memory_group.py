"""A group of readers of one topic in one process, as a cluster would keep it.

Rules: who comes or goes makes all others give first; then each gets its share (`shares`). One that was expelled owns
nothing, may commit nothing, and joins anew with its next poll. The log's lock is held around every call.
"""

from dataclasses import dataclass

from connectors.shares import Claim, shares

NO_CLAIM = Claim()


@dataclass(slots=True)
class Member:
    """`turn`: the generation in which it was given `owned`; 0 while the group waits for others."""

    name: str
    owned: tuple[int, ...] = ()
    claim: Claim = NO_CLAIM
    asked: bool = False
    turn: int = 0


class MemoryGroup:
    def __init__(self, partitions: int) -> None:
        self.partitions, self.generation = partitions, 0
        self.members: dict[str, Member] = {}
        self.names: set[str] = set()  # of all that are open, expelled or not

    def join(self, instance: str) -> Member:
        """By the first of `instance`, `instance-2`, ... that nobody has."""
        numbered = (f"{instance}-{number}" for number in range(2, len(self.names) + 3))
        name = next(name for name in (instance, *numbered) if name not in self.names)
        self.names.add(name)
        return self.admit(Member(name))

    def admit(self, member: Member) -> Member:
        self.members[member.name] = member
        self._ask_all()
        return member

    def leave(self, name: str) -> None:
        self.names.discard(name)
        self.expel(name)

    def expel(self, name: str) -> None:
        if (gone := self.members.pop(name, None)) is not None:
            gone.owned, gone.asked, gone.turn = (), False, 0
            self._ask_all()

    def gave(self, member: Member) -> None:
        member.owned, member.asked, member.turn = (), False, 0
        self._settle()

    def _ask_all(self) -> None:
        for member in self.members.values():
            member.asked = bool(member.owned)
        self._settle()

    def _settle(self) -> None:
        if not self.members or any(member.asked for member in self.members.values()):
            return
        self.generation += 1
        given = shares({name: member.claim for name, member in self.members.items()}, self.partitions)
        for name, member in self.members.items():
            member.owned, member.turn = tuple(given[name]), self.generation
            member.claim = Claim(self.generation, member.owned)
