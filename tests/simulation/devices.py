"""Devices: units with a state, a mode, counters and a gauge, which know what they sent; and what goes wrong with them.

Rule: what a device could not send it keeps, and sends when its link is back; what the broker has it knows for good.
"""

import json
from dataclasses import dataclass, field

STATES = ("execute", "execute", "execute", "held", "idle", "nonsense")
PAYLOAD = 40  # samples


@dataclass
class Device:
    """`outbox`: samples (metric, t, value, quality) not yet sent; `sent` by message number; `held`: sent late."""

    line: str
    unit: str
    client: str
    period: int
    dice: object
    made_to: int
    every: int  # ms between two readings of the gauge; the counters are read half as often
    off: int = 0
    grid: int = 1  # ms: it stamps no finer
    stands_to: int = 0
    stood_at: int = 0
    timeless_to: int = 0
    made: int = 0
    due: int = 0
    dead_to: int = 0
    cut_to: int = 0
    shuffles_to: int = 0
    holds_to: int = 0
    repeats: int = 0
    conflicts: int = 0
    garbage: int = 0
    outbox: list = field(default_factory=list)
    held: list = field(default_factory=list)
    state: str = "execute"
    mode: str = "production"
    until: int = 0
    hot: float = 0.0
    hot_to: int = 0
    good: int = 100
    reject: int = 10
    unique: int = 0

    @property
    def topic(self):
        return f"parkpulse/v1/data/{self.line}/{self.unit}"

    def make(self, now):
        """The samples of the time since the last call, stamped by its own clock."""
        dice = self.dice
        while self.made_to + self.every <= now:
            self.made_to += self.every
            if self.made_to < self.dead_to:
                continue
            t = self._stamp(self.made_to + self.off + dice.randrange(self.every))
            if self.made_to >= self.until:
                self._turn(t)
            hot = self.hot if self.made_to < self.hot_to else 0.0
            self._keep("temp", t, round(70.0 + hot + dice.gauss(0, 1), 3), int(dice.random() < 0.03))
            if self.state == "execute":
                self.good += dice.random() < 0.9
                self.reject += dice.random() < 0.1
            self.made += 1
            if self.made % 2 == 0:
                self._keep("good", t, self.good)
                self._keep("reject", t, self.reject)
            if self.made % 8 == 0:
                self._keep("state", t and t + 1, self.state)

    def _stamp(self, t):
        if self.made_to < self.timeless_to:
            return None
        return self.stood_at + self.off if self.made_to < self.stands_to else t // self.grid * self.grid

    def _turn(self, t):
        dice = self.dice
        self.state, self.until = dice.choice(STATES), self.made_to + dice.randrange(3_000, 20_000)
        self._keep("state", t, self.state)
        if dice.random() < 0.2:
            self.mode = dice.choice(["production", "changeover", "maintenance"])
            self._keep("mode", t, self.mode)
        if dice.random() < 0.1:
            self.good = 0
        if dice.random() < 0.3:
            self.hot, self.hot_to = dice.uniform(8.0, 15.0), self.made_to + dice.randrange(1_000, 12_000)

    def _keep(self, metric, t, value, quality=0):
        self.outbox.append((metric, t, value, quality))

    def send(self, now, publish):
        """All that there is, in payloads; `publish(device, body, samples)`."""
        self.make(now)
        if now < max(self.due, self.cut_to):
            return
        self.due = now + self.period
        if now < self.holds_to:
            chosen = [sample for sample in self.outbox if self.dice.random() < 0.15]
            self.held += chosen
            self.outbox = [sample for sample in self.outbox if sample not in chosen]
        elif self.held:
            self.outbox, self.held = self.outbox + self.held, []
        if now < self.shuffles_to:
            self.dice.shuffle(self.outbox)
        if self.conflicts and self.outbox:
            self.conflicts -= 1
            metric, t, _, quality = self.dice.choice(self.outbox)
            self.outbox.append((metric, t, "other" if metric in ("state", "mode") else 1.5, quality))
        parts = [self.outbox[at : at + PAYLOAD] for at in range(0, len(self.outbox), PAYLOAD)]
        self.outbox = []
        for part in parts:
            body = self.body(part)
            for _ in range(1 + bool(self.repeats)):
                publish(self, body, part)
            self.repeats = max(0, self.repeats - 1)
        if self.garbage:
            self.garbage -= 1
            self.unique += 1
            publish(self, f"[no JSON {self.unit} {self.unique}".encode(), [])

    @staticmethod
    def body(samples):
        return json.dumps(
            [
                {"m": metric, "v": value} | ({"t": t} if t else {}) | ({"q": q} if q else {})
                for metric, t, value, q in samples
            ]
        ).encode()
