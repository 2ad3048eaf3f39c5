"""Durations and sizes as people write them: a number and a unit, never a bare number.

>>> duration_ms("0.15s"), duration_text(900_000), size_bytes("1MiB"), size_text(1536)
(150.0, '15m', 1048576, '1536B')
"""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

from pipeline.core.line_config import MAX_MS

DURATION_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
SIZE_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)")


def duration_ms(text: object) -> float:
    """Milliseconds of "250ms", "0.15s", "15m", "24h" or "1d"."""
    return _amount(text, DURATION_UNITS, "a duration like '2s', '250ms', '15m', '24h' or '1d'")


def whole_ms(text: object) -> int:
    ms = duration_ms(text)
    if ms != int(ms):
        raise ValueError(f"finer than a millisecond; got {text!r}; expected whole milliseconds")
    return int(ms)


def size_bytes(text: object) -> int:
    return int(_amount(text, SIZE_UNITS, "a size like '64KiB' or '1MiB'"))


def duration_text(ms: float) -> str:
    """The shortest text that reads back as `ms`."""
    unit = next((unit for unit, size in reversed(DURATION_UNITS.items()) if ms and ms % size == 0), "ms" if ms else "s")
    return f"{ms / DURATION_UNITS[unit]:.12g}{unit}"


def size_text(size: int) -> str:
    unit = next(unit for unit, one in reversed(SIZE_UNITS.items()) if size % one == 0)
    return f"{size // SIZE_UNITS[unit]}{unit}"


def _amount(text: object, units: dict[str, int], expected: str) -> float:
    if isinstance(text, int | float) and not isinstance(text, bool):
        raise ValueError(f"a number without a unit; got {text!r}; expected {expected}; write the unit")
    found = _AMOUNT.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"unreadable amount; got {text!r}; expected {expected}")
    if found[2] not in units:
        raise ValueError(f"unknown unit {found[2]!r}; got {text!r}; expected one of {', '.join(units)}")
    amount = round(float(found[1]) * units[found[2]], 9)
    if amount > MAX_MS:  # or bytes
        raise ValueError(f"too much; got {text!r}; expected at most a hundred years, or 2 TiB")
    return amount


Duration = Annotated[int, BeforeValidator(whole_ms), PlainSerializer(duration_text)]
CycleTime = Annotated[float, BeforeValidator(duration_ms), PlainSerializer(duration_text)]
Size = Annotated[int, BeforeValidator(size_bytes), PlainSerializer(size_text)]
