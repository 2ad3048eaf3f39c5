"""What changes a line's results, resolved: no packs, no defaults to look up, no addresses, no secrets.

This is the body of a configuration record of the log (JSON). A worker knows a line from it and from nothing else.
All durations are ms; `Duration` strings live in the TOML files only.
"""

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.core.calendar import CalendarConfig

Role = Literal[
    "state",
    "mode",
    "good_count",
    "reject_count",
    "rework_count",
    "product",
    "order",
    "power",
    "energy",
    "water",
    "temperature",
    "other",
]
UNSCORED: frozenset[str] = frozenset(
    {"state", "mode", "good_count", "reject_count", "rework_count", "product", "order"}
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MetricConfig(_Frozen):
    name: str
    role: Role = "other"
    uom: str = ""
    hold_ms: int = 10_000
    by_exception: bool = False
    wrap: float | None = None
    codes: dict[str, str] = {}  # what the machine sends (text of a number, or a name) -> canonical state or mode name


class UnitConfig(_Frozen):
    name: str
    ideal_cycle_ms: float | None = None
    ideal_cycles_ms: dict[str, float] = {}
    metrics: tuple[MetricConfig, ...] = ()


class AlarmConfig(_Frozen):
    name: str
    kind: str
    unit: str = ""
    metric: str
    low: float | None = None
    high: float | None = None
    deadband: float = 0.0
    on_delay_ms: int = 0
    off_delay_ms: int = 0
    after_ms: int = 0
    threshold: float = 0.0
    on_arrival: bool = False
    priority: Annotated[int, Field(ge=1, le=4)] = 3
    message_en: str = ""
    message_vi: str = ""
    advice_en: str = ""
    advice_vi: str = ""


class TimeConfig(_Frozen):
    """Defaults of architecture: each per line."""

    allowed_lateness_ms: int = 2_000
    idle_timeout_ms: int = 3_000
    max_hold_ms: int = 60_000
    max_clock_skew_ms: int = 60_000
    correction_horizon_ms: int = 86_400_000
    announce_horizon_ms: int = 900_000
    valid_for_ms: int = 60_000
    max_age_ms: int = 172_800_000
    linger_ms: int = 250
    max_open_rows: int = 1_000_000


class LineConfig(_Frozen):
    """One line. `windows` are seconds of metric windows (1 only where asked for); elements and KPIs use those >= 10."""

    path: str
    levels: tuple[str, ...] = ()
    pace_unit: str = ""
    count_unit: str = ""
    windows: tuple[int, ...] = (10, 60)
    usable_quality: tuple[int, ...] = (0,)
    units: tuple[UnitConfig, ...] = ()
    alarms: tuple[AlarmConfig, ...] = ()
    time: TimeConfig = TimeConfig()
    calendar: CalendarConfig | None = None
    shift_windows: bool = False

    def to_json(self) -> bytes:
        """The bytes of the configuration record; equal configurations give equal bytes."""
        return self.model_dump_json().encode()

    def digest(self) -> str:
        return hashlib.sha256(self.to_json()).hexdigest()[:16]
