"""What the historian writes of a batch: of each identity its newest revision, each transition once.

Rule: a revision that this role has already passed is never written again, for InfluxDB overwrites without asking; a
replay of equal revisions is written again and changes nothing. Only corrections (revision > 0) need to be remembered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter

from pipeline.core.results import Result, Transition

Identity = tuple[str, str, str, int, int, str | None]

MAX_REMEMBERED = 200_000
"""Corrected identities, oldest forgotten first: a bound for memory that a store with upsert by revision never feels."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What goes to the sink in one call, and the newest revisions to hand in with the next batch."""

    results: list[Result]
    alerts: list[Transition]
    newest: Mapping[Identity, int]


def step(newest: Mapping[Identity, int], results: Sequence[Result], alerts: Sequence[Transition]) -> Rows:
    """`progress` is for the notifier and is not stored."""
    in_order = sorted(results, key=attrgetter("revision"))
    kept: dict[Identity, Result] = {
        (r.kind, r.equipment, r.name, r.window_s, r.window_start, r.product): r
        for r in in_order
        if r.kind != "progress"
    }
    if newest:
        kept = {identity: r for identity, r in kept.items() if r.revision >= newest.get(identity, 0)}
    once: dict[tuple[str, int], Transition] = {}
    for t in alerts:
        once.setdefault((t.id, t.transition), t)
    return Rows(list(kept.values()), list(once.values()), _remember(newest, kept))


def _remember(newest: Mapping[Identity, int], kept: Mapping[Identity, Result]) -> Mapping[Identity, int]:
    corrected = {identity: r.revision for identity, r in kept.items() if r.revision > 0}
    if not corrected:
        return newest
    merged = {identity: revision for identity, revision in newest.items() if identity not in corrected} | corrected
    return dict(islice(merged.items(), max(0, len(merged) - MAX_REMEMBERED), None))
