"""Lines that share a partition know nothing of each other: each says what it says in a partition of its own."""

import json
import random
from dataclasses import replace

from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import told
from tests.unit.steps.wild_logs import wild_log


def named(entry: Entry, line: str) -> Entry:
    """The same record of another line."""
    if not entry.frame.body:
        return replace(entry, line=line)
    body = json.dumps(json.loads(entry.frame.body) | {"path": line}).encode()
    return replace(entry, line=line, frame=replace(entry.frame, body=body))


def logs(seed: int, seconds: int = 60) -> list[list[Entry]]:
    return [[named(entry, f"park/line-{k}") for entry in wild_log(3 * seed + k, seconds).entries] for k in range(3)]


def together(apart: list[list[Entry]], seed: int) -> list[Entry]:
    """By append time; where it is equal any of them comes first."""
    r, heads, found = random.Random(seed), [0] * len(apart), []
    while left := [k for k, log in enumerate(apart) if heads[k] < len(log)]:
        k = min(left, key=lambda k: (apart[k][heads[k]].append_ms, r.random()))
        found.append(replace(apart[k][heads[k]], offset=len(found)))
        heads[k] += 1
    return found


def said(entries: list[Entry], size: int) -> dict[str, list[str]]:
    """By line, what it says in its order; a revision is a place in a log, and only whether there is one is told."""
    state, found = PartitionState(), dict[str, list[str]]()
    for at in range(0, len(entries), size):
        state, out = step(state, entries[at : at + size])
        for line, results, alerts in told(state, out):
            words = [repr(replace(one, revision=int(one.revision > 0))) for one in results]
            found.setdefault(line, []).extend([*words, *map(repr, alerts)])
    return found


def test_lines_in_one_partition_say_what_they_say_apart_alarms_of_every_kind_too() -> None:
    heard = ""
    for seed in range(8):
        apart = logs(seed)
        alone = {line: sorted(words) for log in apart for line, words in said(log, 1).items()}
        assert {line: sorted(words) for line, words in said(together(apart, seed), 40).items()} == alone
        heard += str(alone)
    assert all(f"alarm='{name}'" in heard for name in ("cold", "quiet", "odd"))
