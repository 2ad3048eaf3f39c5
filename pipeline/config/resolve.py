"""A line as its files say it -> a line as a worker needs it: no packs, no defaults to look up, ms everywhere.

Rule: total for whatever passed the checks; nothing is read or looked up here.
"""

from pipeline.config.checks import pace_unit
from pipeline.config.line_model import WINDOW_SECONDS, AlarmSection, LineFile, MetricSection, UnitSection
from pipeline.config.model import ParkFile, TimeSection
from pipeline.core.calendar import CalendarConfig
from pipeline.core.line_config import AlarmConfig, LineConfig, MetricConfig, TimeConfig, UnitConfig
from pipeline.core.packml import canonical_name, code_table

OFF_DELAY_MS = {"score": 60_000}  # where a rule has a default of its own


def resolve_line(line: LineFile, park: ParkFile, calendar: CalendarConfig | None) -> LineConfig:
    pace = pace_unit(line)
    own_time = {key: getattr(line.time, key) for key in line.time.model_fields_set}
    return LineConfig(
        path=line.path,
        levels=park.levels,
        pace_unit=pace,
        count_unit=line.count_unit or pace,
        windows=tuple(sorted({WINDOW_SECONDS[name] for name in line.windows if name != "shift"})),
        usable_quality=line.usable_quality,
        units=tuple(_unit(unit) for unit in line.units),
        alarms=tuple(_alarm(alarm) for alarm in line.alarms),
        time=resolve_time(park.time.model_copy(update=own_time)),
        calendar=calendar,
        shift_windows="shift" in line.windows,
    )


def resolve_time(time: TimeSection) -> TimeConfig:
    return TimeConfig(
        allowed_lateness_ms=time.allowed_lateness,
        idle_timeout_ms=time.idle_timeout,
        max_hold_ms=time.max_hold,
        max_clock_skew_ms=time.max_clock_skew,
        correction_horizon_ms=time.correction_horizon,
        announce_horizon_ms=time.announce_horizon,
        valid_for_ms=time.valid_for,
        max_age_ms=time.max_age,
        linger_ms=time.linger,
        max_open_rows=time.max_open_rows,
        max_series=time.max_series,
    )


def _unit(unit: UnitSection) -> UnitConfig:
    return UnitConfig(
        name=unit.name,
        ideal_cycle_ms=unit.ideal_cycle,
        ideal_cycles_ms=unit.ideal_cycles,
        metrics=tuple(_metric(name, metric) for name, metric in unit.metrics.items()),
    )


def _metric(name: str, metric: MetricSection) -> MetricConfig:
    return MetricConfig(
        name=name,
        role=metric.role,
        uom=metric.uom,
        hold_ms=metric.hold,
        by_exception=metric.by_exception,
        wrap=metric.wrap,
        codes=_codes(metric),
    )


def _codes(metric: MetricSection) -> dict[str, str]:
    if isinstance(metric.codes, str):
        return code_table(metric.codes, metric.role) or {}
    return {canonical_name(code): canonical_name(name) for code, name in metric.codes.items()}


def _alarm(alarm: AlarmSection) -> AlarmConfig:
    return AlarmConfig(
        name=alarm.name,
        kind=alarm.kind,
        unit=alarm.unit,
        metric=alarm.metric,
        low=alarm.low,
        high=alarm.high,
        deadband=alarm.deadband,
        on_delay_ms=alarm.on_delay,
        off_delay_ms=OFF_DELAY_MS.get(alarm.kind, 0) if alarm.off_delay is None else alarm.off_delay,
        after_ms=alarm.after,
        threshold=alarm.threshold,
        on_arrival=alarm.on_arrival,
        priority=alarm.priority,
        message_en=alarm.message_en,
        message_vi=alarm.message_vi,
        advice_en=alarm.advice_en,
        advice_vi=alarm.advice_vi,
    )
