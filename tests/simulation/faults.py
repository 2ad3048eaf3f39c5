"""What goes wrong, as data: of which kind, when, with whom, for how long, and at which step.

Rule: a schedule is drawn before the run and is part of the seed; that a fault was due does not say that it happened.
"""

from typing import NamedTuple

WORKER_STEPS = (
    "before reading", "before flush", "after flush", "before save", "after save", "before commit", "after commit"
)  # fmt: skip
CHECKPOINT = {"before save", "after save"}
GATEWAY_STEPS = ("before poll", "before flush", "after flush", "before acknowledgement", "after acknowledgement")
HISTORIAN_STEPS = ("before flush", "before store", "after store", "before commit", "after commit")
NOTIFIER_STEPS = (
    "before publishing", "after publishing", "before save", "after save", "before commit", "after commit"
)  # fmt: skip


class Fault(NamedTuple):
    """`at` and `lasts` ms; `at` from the begin of the run."""

    at: int
    kind: str
    on: str
    lasts: int = 0
    step: str = ""
    by: int = 0

    def __str__(self):
        words = [f"{self.at / 1000:7.3f} s", f"{self.kind:<20}", f"{self.on:<22}"]
        words += [f"for {self.lasts / 1000:g} s"] if self.lasts else []
        words += [self.step] if self.step else []
        words += [f"by {self.by / 1000:+g} s"] if self.by else []
        return " ".join(words)


class Kind(NamedTuple):
    """On whom, how long (ms, from and to, in a run of LONG_MS), at which steps, by how much (ms, from and to), how
    likely, and how often at most."""

    on: str
    lasts: tuple[int, int] = (0, 0)
    steps: tuple[str, ...] = ()
    by: tuple[int, int] = (0, 0)
    weight: int = 2
    most: int = 4


KINDS = {
    "device link lost": Kind("device", (3_000, 25_000), weight=4),
    "device dead": Kind("device", (4_000, 14_000), weight=3, most=1),
    "device clock": Kind("device", (5_000, 30_000), by=(-30_000, 20_000), weight=3),
    "device clock wild": Kind("device", (3_000, 20_000), by=(70_000, 200_000)),
    "device clock ancient": Kind("device", (3_000, 15_000), by=(-300_000_000, -180_000_000), weight=1),
    "device clock stands": Kind("device", (6_000, 20_000)),
    "device without clock": Kind("device", (3_000, 15_000)),
    "sent twice": Kind("device"),
    "sent late": Kind("device", (3_000, 15_000), weight=3),
    "out of order": Kind("device", (5_000, 30_000)),
    "conflict": Kind("device"),
    "garbage": Kind("device"),
    "gateway link lost": Kind("gateway", (2_000, 20_000), weight=3),
    "gateway killed": Kind("gateway", (1_000, 15_000), GATEWAY_STEPS, weight=5),
    "gateway clock": Kind("gateway", (3_000, 20_000), by=(-100_000, 100_000)),
    "worker killed": Kind("worker", (1_000, 12_000), WORKER_STEPS, weight=8),
    "zombie": Kind("worker", (2_000, 20_000), WORKER_STEPS, weight=5),
    "worker joins": Kind("worker", (10_000, 30_000), weight=3),
    "worker leaves": Kind("worker", (2_000, 15_000), weight=3),
    "torn checkpoint": Kind("worker", steps=("save",)),
    "torn flush": Kind("any", steps=("flush",), weight=3),
    "flushed again": Kind("any", steps=("flush",)),
    "power cut": Kind("power", (1_000, 12_000)),
    "log away": Kind("log", (1_000, 15_000), weight=3),
    "disk full": Kind("log", (1_000, 15_000), weight=3),
    "log clock": Kind("log", (2_000, 20_000), by=(-8_000, 8_000)),
    "store away": Kind("store", (2_000, 20_000), weight=2),
    "store slow": Kind("historian", (2_000, 15_000), ("before store", "after store")),
    "historian killed": Kind("historian", (1_000, 12_000), HISTORIAN_STEPS, weight=3),
    "notifier killed": Kind("notifier", (1_000, 12_000), NOTIFIER_STEPS, weight=2),
    "alert broker away": Kind("sink", (2_000, 15_000)),
}
LEAST, LONG_MS = 5, 55_000
ON_ALL = ("log", "store", "sink", "power")


def schedule(dice, names, span):
    """The faults of a run of `span` ms, five of which happen whatever else does; `names` by what a kind is on."""
    kinds, weights = [*KINDS], [kind.weight for kind in KINDS.values()]
    found, sure, most = [], 0, dice.randint(8, 13)
    for name in dice.choices(kinds, weights, k=50):
        if sure >= LEAST and len(found) >= most:
            break
        kind = KINDS[name]
        if sum(fault.kind == name for fault in found) == kind.most:
            continue
        on = kind.on if kind.on in ON_ALL else dice.choice(names[kind.on])
        step = dice.choice(kind.steps) if kind.steps else ""
        at = dice.randrange(1_000, span - 6_000)
        lasts = dice.randint(*kind.lasts) * span // LONG_MS
        sure += not step
        found.append(Fault(at, name, on, lasts, step, dice.randint(*kind.by)))
    return sorted(found)
