"""What all JSON families share when they read one payload by all the rules: JSON, times, values, quality, rows.

Rule: any bytes end in samples or in one `Reject`, never in an exception; the good samples of a payload are kept.
"""

import json
import math
import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from connectors.codecs.name_numbers import NameNumbers
from connectors.codecs.topics import Route, quote
from pipeline.core.samples import UNDATED, Name, Payload, Reject, RejectCode

MAX_SAMPLES: Final = 20_000  # of one payload: a frame holds no more
MAX_TEXT: Final = 1024
MAX_TIME: Final = 8_640_000_000_000_000
ABSENT: Final = object()

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Flaw(NamedTuple):
    """Why one sample, or a whole payload, cannot be taken."""

    code: RejectCode
    sentence: str


class Spelled(NamedTuple):
    """One sample as its payload spells it: where it belongs, and four values of any JSON type."""

    unit: str
    metric: str
    t: object
    v: object
    q: object = 0
    s: object = 0
    line: str = ""  # where the payload, not the topic, names it


@dataclass(slots=True)
class Rows:
    """Columns under construction: rows of payloads read one by one; names by their numbers, texts each listed once."""

    known: NameNumbers = field(default_factory=NameNumbers)
    texts: dict[str, int] = field(default_factory=dict)
    name: list[int] = field(default_factory=list)
    t: list[int] = field(default_factory=list)
    v: list[float] = field(default_factory=list)
    text: list[int] = field(default_factory=list)
    q: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    seq: list[int] = field(default_factory=list)
    payload: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)

    @property
    def names(self) -> list[Name]:
        return self.known.names

    def text_index(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))

    def take(self, line: str, sample: Spelled | Flaw, receipt_ms: int, payload: int) -> Flaw | None:
        """Adds one sample, or says what is wrong with it."""
        if isinstance(sample, Flaw):
            return sample
        flaw = self._add(line, sample, receipt_ms, payload)
        return flaw and Flaw(flaw.code, f"metric {quote(sample.metric)}: {flaw.sentence}")

    def _add(self, line: str, sample: Spelled, receipt_ms: int, payload: int) -> Flaw | None:
        time = read_time(sample.t, receipt_ms)
        if isinstance(time, Flaw):
            return time
        value = read_value(sample.v)
        if isinstance(value, Flaw):
            return value
        quality = read_quality(sample.q)
        if isinstance(quality, Flaw):
            return quality
        seq = read_seq(sample.s)
        if isinstance(seq, Flaw):
            return seq
        self.name.append(self.known.number(Name(sample.line or line, sample.unit, sample.metric)))
        self.t.append(time[0])
        self.v.append(math.nan if isinstance(value, str) else value)
        self.text.append(self.text_index(value) if isinstance(value, str) else -1)
        self.q.append(quality)
        self.flags.append(UNDATED if sample.t is ABSENT else 0)
        self.seq.append(seq or time[1])
        self.payload.append(payload)
        return None


def show(raw: object) -> str:
    """A foreign JSON value in a few ASCII characters."""
    if raw is ABSENT:
        return "nothing"
    if isinstance(raw, str):
        return quote(raw)
    if isinstance(raw, dict | list):
        return "an object" if isinstance(raw, dict) else "an array"
    if isinstance(raw, int) and raw.bit_length() > 128:
        return f"an integer of {raw.bit_length()} bits"
    return "null" if raw is None else repr(raw)


def read_time(raw: object, receipt_ms: int) -> tuple[int, int] | Flaw:
    """Milliseconds, and the nanoseconds below them of a finer stamp."""
    if raw is ABSENT:
        return receipt_ms, 0
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw <= MAX_TIME:
        whole = math.floor(raw)
        return whole, int((raw - whole) * 1_000_000)
    return Flaw("bad_time", f"time: no stamp; got {show(raw)}; expected milliseconds since 1970, 0 to {MAX_TIME}")


def read_value(raw: object) -> float | str | Flaw:
    if isinstance(raw, int | float):
        try:
            number = float(raw)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number + 0.0  # -0.0 becomes 0.0
    if isinstance(raw, str):
        if len(raw) <= MAX_TEXT and not _UNPRINTABLE.search(raw):
            return raw
        expected = f"expected at most {MAX_TEXT} characters without control characters"
        return Flaw("bad_value", f"value: no usable text; got {show(raw)}; {expected}")
    return Flaw("bad_value", f"value: cannot be read; got {show(raw)}; expected a finite number, true, false or text")


def read_quality(raw: object) -> int | Flaw:
    if isinstance(raw, int) and not isinstance(raw, bool) and (0 <= raw <= 10 or raw == 192):
        return 0 if raw == 192 else raw
    return Flaw("bad_quality", f"quality: unknown code; got {show(raw)}; expected 0 to 10, or 192 for good")


def read_seq(raw: object) -> int | Flaw:
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < 1 << 64:
        return raw
    return Flaw("bad_value", f"seq: no counter; got {show(raw)}; expected 0 to 2^64 - 1")


def read_json(body: bytes) -> object | Flaw:
    """The payload as Python values. NaN and Infinity, which some senders write, cost only their own sample."""
    try:
        parsed: object = msgspec.json.decode(body)
        return parsed
    except RecursionError:
        return Flaw("bad_json", "payload: nested too deeply; expected an array of objects, or an object")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        sentence = f"payload: no JSON; {ascii(str(error))[1:-1][:120]}; expected an array of objects, or an object"
    try:
        parsed = json.loads(body.decode())
    except (ValueError, RecursionError):
        return Flaw("bad_json", sentence)
    return parsed


def settle(rows: Rows, route: Route, payload: Payload, index: int, spelled: list[Spelled | Flaw] | Flaw) -> None:
    """Takes the good samples of one payload and leaves one `Reject` for the bad ones."""
    if isinstance(spelled, list) and len(spelled) > MAX_SAMPLES:
        spelled = Flaw("too_large", f"payload: too many samples; expected at most {MAX_SAMPLES}")
    elif spelled == []:
        spelled = Flaw("bad_json", "payload: no sample")
    if isinstance(spelled, Flaw):
        rows.rejects.append(Reject(index, route.line, spelled.code, spelled.sentence))
        return
    flaws = [flaw for sample in spelled if (flaw := rows.take(route.line, sample, payload.receipt_ms, index))]
    if flaws:
        rows.rejects.append(Reject(index, route.line, flaws[0].code, flaws[0].sentence, len(flaws)))
