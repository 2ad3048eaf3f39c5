"""`lines/*.toml` and `packs/*.toml`: units with their metrics, and alarms.

Rule: a pack has the same keys as a line; what a line says itself wins.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator

from pipeline.config.amounts import CycleTime, Duration
from pipeline.config.model import TimeSection
from pipeline.config.section import EquipmentPath, Name, Section
from pipeline.core.line_config import Role

WINDOW_SECONDS = {"1s": 1, "10s": 10, "1m": 60, "15m": 900}  # "shift" is legal too, its length lies in the calendar
Window = Literal["1s", "10s", "1m", "15m", "shift"]


def _codes(codes: object) -> str | dict[str, str]:
    if isinstance(codes, str):
        return codes
    if isinstance(codes, dict) and all(isinstance(name, str) for name in codes.values()):
        return {str(code): name for code, name in codes.items()}
    raise ValueError(f"wrong codes; got {codes!r}; expected 'packml' or a table like {{ 6 = \"execute\" }}")


def _positive(ms: float) -> float:
    if ms <= 0:
        raise ValueError("no time at all; expected more than zero")
    return ms


Cycle = Annotated[CycleTime, AfterValidator(_positive)]
Codes = Annotated[str | dict[str, str], PlainValidator(_codes), PlainSerializer(lambda codes: codes)]


class MetricSection(Section):
    """One metric of a unit: `[units.metrics.NAME]`."""

    role: Role = Field("other", description="What the metric means, for instance state, good_count or temperature.")
    uom: str = Field("", max_length=64, description="Unit of measure, as shown.")
    hold: Duration = Field(10_000, description="How long a value stays valid without a newer one.")
    by_exception: bool = Field(False, description="Sent only on change: silence is no loss.")
    wrap: float | None = Field(
        None, gt=0, le=1 << 53, description="Value at which a counter begins again at zero.", examples=[4294967296]
    )
    codes: Codes = Field(
        {}, description='Codes of states or modes: "packml", "weihenstephan" (modes) or a table of code = name.'
    )


class UnitSection(Section):
    """One unit of a line: `[[units]]`."""

    name: Name = Field(description="Name of the unit, the last level of its path.", examples=["filler"])
    ideal_cycle: Cycle | None = Field(None, description="Shortest time for one part.", examples=["0.15s"])
    ideal_cycles: dict[str, Cycle] = Field({}, description="The same per product.")
    metrics: dict[Name, MetricSection] = Field({}, description="Metrics of the unit by name.")


class AlarmSection(Section):
    """One alarm of a line: `[[alarms]]`."""

    name: Name = Field(description="Name of the alarm, one of its kind in the line.", examples=["h2o2-cold"])
    kind: str = Field(description="The rule that decides: a module of pipeline/alarms.", examples=["limit"])
    unit: str = Field("", description="Unit of the metric; empty: a metric of the line itself.")
    metric: Name = Field(description="Metric to watch.", examples=["h2o2_temp"])
    low: float | None = Field(None, description="Raised at or below this value.", examples=[70.0])
    high: float | None = Field(None, description="Raised at or above this value.", examples=[78.0])
    deadband: float = Field(0.0, ge=0, description="How far the value must come back before the alarm clears.")
    on_delay: Duration = Field(0, description="How long the condition must last before the alarm is raised.")
    off_delay: Duration | None = Field(
        None,
        description="How long the condition must be gone before the alarm clears; unsaid: 0s, of a score 60s.",
        examples=["10s"],
    )
    on_arrival: bool = Field(
        False,
        description="Of a limit: look at samples as they come, not once their second is over; late ones are left out.",
    )
    threshold: float = Field(6.0, gt=0, description="Score, in standard deviations, from which the alarm is raised.")
    after: Duration = Field(0, description="Silence of this length raises the alarm.")
    priority: int = Field(3, ge=1, le=4, description="1 (highest) to 4.")
    message_en: str = Field(
        "", max_length=4096, description="What happened, in English; empty: a sentence made from name and value."
    )
    message_vi: str = Field("", max_length=4096, description="What happened, in Vietnamese.")
    advice_en: str = Field("", max_length=4096, description="What to do, in English.")
    advice_vi: str = Field("", max_length=4096, description="What to do, in Vietnamese.")


class PackFile(Section):
    """A pack: what lines of one trade have in common."""

    units: tuple[UnitSection, ...] = Field((), description="Units with their metrics.")
    alarms: tuple[AlarmSection, ...] = Field((), description="Alarms with advice.")


class LineFile(PackFile):
    """lines/NAME.toml: one line."""

    path: EquipmentPath = Field(
        description="Path of the line: a name for each level but the last.",
        examples=["becamex/park-01/vinamilk-style/dairy/filling/line-1"],
    )
    pack: str = Field("", description="Pack to build on, bundled or packs/NAME.toml of this folder; empty: none.")
    pace_unit: str = Field("", description="Unit whose states are the line's; empty: the only one with a state.")
    count_unit: str = Field("", description="Unit whose counters are the line's; empty: pace_unit.")
    windows: tuple[Window, ...] = Field(("10s", "1m"), min_length=1, description="Windows of the line's results.")
    usable_quality: tuple[Literal[0, 7], ...] = Field((0,), description="Qualities that count: 0 good, 7 simulated.")
    time: TimeSection = Field(TimeSection(), description="Overrides [time] of park.toml key by key.")
