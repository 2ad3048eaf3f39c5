"""What the stranger's plant sends: messages with the time of their sending, and the book that says what they mean.

Rules: a sample leaves at its event time plus a disorder of at most 1.9 s, from the first record on; each source has one
publisher; event times lie a little behind the wall clock, so that the tail can close every window at once.
"""

import json
import math
import random
import unicodedata
from dataclasses import dataclass, field
from itertools import pairwise

from .book import Book, Sample
from .hostile import hostile_maker

LINE = "becamex/park-01/sữa-việt/nhà-máy/chiết-rót/dây-chuyền-1"
FIRST, SECOND, WHOLE_LINE = "máy-chiết", "filler-2", ""
TEMPERATURE, HOLD_MS = "nhiệt-độ", 3_000
DISORDER_MS = 1_900
JOINS_MS = 3_000
MAX_PAYLOAD = 65_536
LAG_MS = 56_000
BAD = (1, 2, 3, 4, 5, 6, 8, 9, 10)
TEXTS = ("tốt", "chờ nguyên liệu", "đổi ca 3", "", "Sữa 180 ml — “ít đường”", "12.5")


@dataclass(order=True)
class Message:
    at: int  # ms since the load began
    place: int
    topic: str = field(compare=False)
    body: bytes = field(compare=False)
    samples: list[Sample] = field(compare=False)
    rejects: int = field(compare=False, default=0)


@dataclass
class Load:
    publishers: list[list[Message]]
    book: Book
    forms: set[tuple[str, str]]
    """Which form (single, object, batch, umh) said the temperature in which Unicode form."""


class Plant:
    """Makes the messages of one source. Series: name -> Hz."""

    SERIES = {TEMPERATURE: 16, "áp-suất": 20, "lưu_lượng.m3": 20, "count": 20, "rung": 20, "offset": 12, "van-mở": 8}

    def __init__(self, seed: int, unit: str, base: int, span: tuple[int, int], scale: float) -> None:
        self.rng = random.Random(seed)
        self.unit, self.base, self.scale = unit, base, scale
        self.start, self.length = span  # ms since `base`, ms
        self.messages: list[Message] = []
        self.forms: set[tuple[str, str]] = set()
        self.used: set[tuple[str, int]] = set()
        self.pending: list[Sample] = []

    def make(self) -> list[Message]:
        self._objects()
        for sample in sorted(self._samples(), key=lambda sample: sample.t):
            choice = self.rng.random()
            plain = sample.quality == 0 and sample.seq == 0
            if choice < 0.15:
                self._say("single", [sample])
            elif choice < 0.25 and plain:
                self._say("umh", [sample])
            else:
                self._collect(sample)
        self._flush()
        self._repeat()
        return self.messages

    def _value(self, metric: str, t: int) -> float | bool | str:
        rng = self.rng
        match metric:
            case "count":
                return t // 50
            case "offset":
                return 1e6 + round(rng.gauss(0, 1), 6)
            case "van-mở":
                return rng.random() < 0.5
            case "ghi-chú":
                return rng.choice(TEXTS)
            case "rung":
                return round(rng.gauss(0, 3), 9)
        return round(70 + 5 * math.sin(t / 3000) + rng.gauss(0, 0.3), 3)

    def _quality(self, metric: str, t: int) -> int:
        if metric == "rung" and self.start + 2_000 <= t - self.base < self.start + 4_500:
            return 8
        return self.rng.choices((0, 192, self.rng.choice(BAD)), (90, 6, 4))[0]

    def _free(self, metric: str, t: int) -> bool:
        if (metric, t) in self.used:
            return False
        self.used.add((metric, t))
        return True

    def _times(self, hertz: float) -> list[int]:
        count = max(1, int(self.length * hertz * self.scale / 1000))
        return sorted(self.base + self.start + int(self.rng.random() * self.length) for _ in range(count))

    def _samples(self) -> list[Sample]:
        found = []
        for metric, hertz in {**self.SERIES, "ghi-chú": 2}.items():
            for t in self._times(hertz):
                if self._free(metric, t):
                    found.append(Sample(self.unit, metric, t, self._value(metric, t), self._quality(metric, t)))
        for t in self._times(4):  # several of one millisecond, told apart by seq
            if self._free("xung", t):
                found += [Sample(self.unit, "xung", t, round(self.rng.random(), 6), 0, seq) for seq in (1, 2, 3)]
        edge = self.base // 1000 * 1000 + self.start // 1000 * 1000
        for t in range(edge + 2000, edge + self.length - 1000, 1000):  # exactly at the end of a window
            if self._free("áp-suất", t):
                found.append(Sample(self.unit, "áp-suất", t, self._value("áp-suất", t)))
        return found

    def _objects(self) -> None:
        for t in self._times(6):
            metrics = self.rng.sample([TEMPERATURE, "áp-suất", "count", "van-mở", "ghi-chú", "năng-lượng"], 4)
            chosen = [metric for metric in metrics if self._free(metric, t)]
            if chosen:
                self._say("object", [Sample(self.unit, metric, t, self._value(metric, t)) for metric in chosen])

    def _collect(self, sample: Sample) -> None:
        if self.pending and (sample.t - self.pending[0].t > 600 or len(self.pending) >= self.rng.randrange(6, 40)):
            self._flush()
        self.pending.append(sample)

    def _flush(self) -> None:
        if self.pending:
            self.rng.shuffle(self.pending)
            self._say("batch", self.pending)
            self.pending = []

    def _say(self, form: str, samples: list[Sample], after: int | None = None) -> None:
        """One message, sent between its newest sample (or `after`) and the end of its oldest one's disorder."""
        times = [sample.t - self.base for sample in samples]
        least, most = max(times) if after is None else after, min(times) + DISORDER_MS
        body, topic, rejects, spelling = self._write(form, samples)
        if any(sample.metric == TEMPERATURE for sample in samples):
            self.forms.add((form, spelling))
        at = min(most, max(least, min(times) + int(self.rng.random() * (DISORDER_MS + 1))))
        self.messages.append(Message(at, len(self.messages), topic, body, list(samples), rejects))

    def _write(self, form: str, samples: list[Sample]) -> tuple[bytes, str, int, str]:
        rng, rejects = self.rng, 0
        spelling = rng.choice(("NFC", "NFC", "NFD"))
        first = samples[0]
        path = f"{LINE}/{self.unit}".rstrip("/")
        content: object
        match form:
            case "single":
                topic = f"parkpulse/v1/data/{path}/{first.metric}"
                content = {"timestamp_ms": first.t, "value": first.value}
                content |= {"quality": first.quality} if first.quality or rng.random() < 0.3 else {}
                content |= {"seq": first.seq} if first.seq or rng.random() < 0.1 else {}
            case "umh":
                topic = f"umh/v1/{path}/_historian/{first.metric}"
                content = {"timestamp_ms": first.t, "value": first.value}
            case "object":
                topic = f"parkpulse/v1/data/{path}"
                content = {"timestamp_ms": first.t, **{sample.metric: sample.value for sample in samples}}
            case _:
                at_line = rng.random() < 0.4 and self.unit
                topic = f"parkpulse/v1/data/{LINE if at_line else path}"
                prefix = f"{self.unit}/" if at_line else ""
                rows = []
                for sample in samples:
                    row = {"t": sample.t, "m": prefix + sample.metric, "v": sample.value}
                    row |= {"q": sample.quality} if sample.quality or rng.random() < 0.2 else {}
                    row |= {"s": sample.seq} if sample.seq or rng.random() < 0.1 else {}
                    rows.append(row)
                if rng.random() < 0.1:  # one bad sample among good ones costs itself only
                    bad = rng.choice(({"q": 99}, {"v": None}, {"t": "x"}, {"s": []}))
                    worst = {"t": first.t + 1, "m": prefix + first.metric, "v": 9e9} | bad
                    rows.insert(rng.randrange(len(rows) + 1), worst)
                    rejects = 1
                content = rows
        text = json.dumps(content, ensure_ascii=rng.random() < 0.3, separators=rng.choice(((",", ":"), (", ", ": "))))
        if form in ("batch", "object") and rng.random() < 0.3:
            spelling = "mixed"  # topic and body need not agree
        names = "NFD" if spelling in ("NFD", "mixed") else "NFC"
        if names == "NFD":
            text = json.dumps(_spelled(content), ensure_ascii=rng.random() < 0.3)
        topic = unicodedata.normalize("NFC" if spelling == "mixed" else names, topic)
        return text.encode(), topic, rejects, names

    def _repeat(self) -> None:
        """Whole messages again, single samples again in another form, and other values for a known identity."""
        for message in self.rng.sample(self.messages, len(self.messages) // 12):
            latest = min(sample.t for sample in message.samples) - self.base + DISORDER_MS
            if message.at + 1 > latest:
                continue
            choice, sample = self.rng.random(), self.rng.choice(message.samples)
            if choice < 0.5:
                at = self.rng.randrange(message.at + 1, min(latest, message.at + 1_000) + 1)
                again = Message(at, len(self.messages), message.topic, message.body, message.samples, message.rejects)
                self.messages.append(again)
            elif choice < 0.8:
                form = (
                    "batch" if sample.quality or sample.seq else self.rng.choice(("single", "batch", "object", "umh"))
                )
                self._say(form, [sample], message.at + 1)
            elif not isinstance(sample.value, str | bool):
                other = Sample(sample.unit, sample.metric, sample.t, sample.value + 1, sample.quality, sample.seq)
                self._say("batch", [other], message.at + 1)


def _spelled(content: object) -> object:
    """The same content with its names in NFD; keys that are ASCII stay what they are."""
    if isinstance(content, dict):
        return {unicodedata.normalize("NFD", key): _name(key, value) for key, value in content.items()}
    assert isinstance(content, list)
    return [_spelled(row) for row in content]


def _name(key: str, value: object) -> object:
    return unicodedata.normalize("NFD", value) if key == "m" and isinstance(value, str) else value


def make_load(now_ms: int, length: int, scale: float = 1.0, hostile: int = 500, seed: int = 20_26) -> Load:
    """`length` ms of event time over the end of a minute, a hole, and a tail at the end of the next minute."""
    before = length * 2 // 5 + 123
    base = (now_ms - LAG_MS + before) // 60_000 * 60_000 - before
    tail = base + before + 60_000 - 400
    book = Book({(FIRST, TEMPERATURE): HOLD_MS})
    forms: set[tuple[str, str]] = set()
    publishers: list[list[Message]] = [[], []]
    plants = ((FIRST, 0, 0), (SECOND, JOINS_MS, 1), (WHOLE_LINE, 500, 0))
    for number, (unit, start, publisher) in enumerate(plants):
        share = scale * (0.2 if unit == WHOLE_LINE else 1.0)
        plant = Plant(seed + number, unit, base, (start, length - start), share)
        publishers[publisher] += plant.make()
        forms |= plant.forms if unit == FIRST else set()
        last = Sample(unit, "áp-suất", tail, 3.5)
        body = json.dumps([{"t": tail, "m": "áp-suất", "v": 3.5}]).encode()
        topic = f"parkpulse/v1/data/{LINE}/{unit}".rstrip("/")
        publishers[publisher].append(Message(length + DISORDER_MS + 100, 1 << 30, topic, body, [last]))
    rng = random.Random(seed)
    for publisher, unit in ((0, FIRST), (1, SECOND)):
        make = hostile_maker(rng, LINE, unit, TEMPERATURE, MAX_PAYLOAD + 1)
        for _ in range((hostile + 1) // 2):
            at = rng.randrange(JOINS_MS, length)
            topic, body, rejects = make(base + at)
            publishers[publisher].append(Message(at, len(publishers[publisher]), topic, body, [], rejects))
    for messages in publishers:
        messages.sort(key=lambda message: message.at)
        assert all(one.at <= two.at for one, two in pairwise(messages))
        for message in messages:
            book.reject(message.rejects)
            for sample in message.samples:
                book.send(sample)
    return Load(publishers, book, forms)
