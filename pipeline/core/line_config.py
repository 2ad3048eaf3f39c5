"""What changes a line's results, resolved: no packs, no defaults to look up, no addresses, no secrets.

This is the body of a configuration record of the log (JSON). A worker knows a line from it and from nothing else, so
whatever passes here is safe to work with. All durations are ms; `Duration` strings live in the TOML files only.
"""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.core.calendar import CalendarConfig
from pipeline.core.equipment import line_slip, name_slip

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
MAX_MS = 36_500 * 86_400_000  # a hundred years: every sum of times stays far from the edge of int64
MAX_METRICS, MAX_ALARMS = 10_000, 2_000


def _name(name: str) -> str:
    if slip := name_slip(name):
        raise ValueError(f"{name!r} {slip}")
    return name


def _path(path: str) -> str:
    if slip := line_slip(path):
        raise ValueError(slip)
    return path


def _window(seconds: int) -> int:
    if seconds > 60 and seconds % 60:
        raise ValueError("a window is at most 60 s or whole minutes")
    return seconds


Name = Annotated[str, AfterValidator(_name)]
NoName = Annotated[str, AfterValidator(lambda name: _name(name) if name else name)]
Text = Annotated[str, Field(max_length=4_096)]
Ms = Annotated[int, Field(ge=0, le=MAX_MS)]
Cycle = Annotated[float, Field(gt=0, le=MAX_MS)]
Window = Annotated[int, Field(ge=1, le=86_400), AfterValidator(_window)]  # long ones leave on whole minutes


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MetricConfig(_Frozen):
    name: Name
    role: Role = "other"
    uom: Annotated[str, Field(max_length=64)] = ""
    hold_ms: Ms = 10_000
    by_exception: bool = False
    wrap: Annotated[float, Field(gt=0, le=1 << 53)] | None = None
    codes: dict[str, str] = {}  # what the machine sends (text of a number, or a name) -> canonical state or mode name


class UnitConfig(_Frozen):
    name: Name
    ideal_cycle_ms: Cycle | None = None
    ideal_cycles_ms: dict[str, Cycle] = {}
    metrics: tuple[MetricConfig, ...] = ()


class AlarmConfig(_Frozen):
    """A kind that this program has no rule for waits. `on_arrival` is for limits: others do not look at it."""

    name: Name
    kind: str
    unit: NoName = ""
    metric: Name
    low: float | None = None
    high: float | None = None
    deadband: Annotated[float, Field(ge=0)] = 0.0
    on_delay_ms: Ms = 0
    off_delay_ms: Ms = 0
    after_ms: Ms = 0
    threshold: Annotated[float, Field(ge=0)] = 0.0
    on_arrival: bool = False
    priority: Annotated[int, Field(ge=1, le=4)] = 3
    message_en: Text = ""
    message_vi: Text = ""
    advice_en: Text = ""
    advice_vi: Text = ""

    @property
    def is_early(self) -> bool:
        """Looks at rows as they come, not once their pane is closed."""
        return self.on_arrival and self.kind == "limit"


class TimeConfig(_Frozen):
    """Patience and bounds, each per line."""

    allowed_lateness_ms: Ms = 2_000
    idle_timeout_ms: Ms = 3_000
    max_hold_ms: Ms = 60_000
    max_clock_skew_ms: Ms = 60_000
    correction_horizon_ms: Ms = 86_400_000
    announce_horizon_ms: Ms = 900_000
    valid_for_ms: Ms = 60_000
    max_age_ms: Ms = 172_800_000
    linger_ms: Ms = 250
    max_open_rows: Annotated[int, Field(ge=1, le=1 << 40)] = 1_000_000
    max_series: Annotated[int, Field(ge=1, le=1 << 30)] = 20_000


class LineConfig(_Frozen):
    """One line. `windows` are seconds of metric windows (1 only where asked for); elements and KPIs use those >= 10."""

    path: Annotated[str, AfterValidator(_path)]
    levels: tuple[str, ...] = ()
    pace_unit: str = ""
    count_unit: str = ""
    windows: Annotated[tuple[Window, ...], Field(min_length=1, max_length=16)] = (10, 60)
    usable_quality: tuple[Annotated[int, Field(ge=0, le=10)], ...] = (0,)
    units: tuple[UnitConfig, ...] = ()
    alarms: Annotated[tuple[AlarmConfig, ...], Field(max_length=MAX_ALARMS)] = ()
    time: TimeConfig = TimeConfig()
    calendar: CalendarConfig | None = None
    shift_windows: bool = False

    @model_validator(mode="after")
    def _names_stand_once(self) -> "LineConfig":
        _once("window", self.windows)
        _once("unit", [unit.name for unit in self.units])
        _once("alarm", [(alarm.unit, alarm.name) for alarm in self.alarms])
        for unit in self.units:
            _once(f"metric of unit {unit.name}", [metric.name for metric in unit.metrics])
        if sum(len(unit.metrics) for unit in self.units) > MAX_METRICS:
            raise ValueError(f"more than {MAX_METRICS} metrics in one line")
        return self

    def to_json(self) -> bytes:
        """The bytes of the configuration record; equal configurations give equal bytes."""
        return self.model_dump_json().encode()


def _once(what: str, found: Iterable[object]) -> None:
    seen: set[object] = set()
    for one in found:
        if one in seen:
            raise ValueError(f"{what} {one!r} stands twice")
        seen.add(one)


def validated(key: str, body: bytes) -> LineConfig:
    """The configuration in a record of this key. ValueError: one sentence that says where and what."""
    try:
        line = LineConfig.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(part if part.isprintable() else repr(part) for part in map(str, first["loc"])) or "body"
        raise ValueError(f"configuration: {where}: {first['msg']}; got {repr(first['input'])[:80]}") from None
    if line.path != key:
        raise ValueError(f"configuration: path: not the record's key; got {line.path[:200]!r}; expected {key!r}")
    return line
