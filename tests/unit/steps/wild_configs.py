"""Random configurations of one line: units with counters and meters, a calendar whose edges a short log crosses."""

from datetime import date

from pipeline.core.calendar import CalendarConfig, ShiftConfig
from pipeline.core.line_config import AlarmConfig, LineConfig, MetricConfig, TimeConfig, UnitConfig

PATH = "park/line-1"
CODES = {"6": "execute", "11": "held", "4": "idle"}
TIME = TimeConfig(
    idle_timeout_ms=2_000, max_hold_ms=8_000, max_clock_skew_ms=10_000, valid_for_ms=6_000, announce_horizon_ms=20_000
)
AHEAD, DAY = 7 * 60, 24 * 60  # minutes
EPOCH = date(1970, 1, 1).toordinal()


def wild_config(r, start):
    """A configuration for a log that begins at `start`."""
    alarms = (
        AlarmConfig(
            name="cold", kind="limit", unit="filler", metric="temp", low=68.0, deadband=r.choice([0.0, 1.5]),
            on_delay_ms=r.choice([0, 1_000]), off_delay_ms=r.choice([0, 3_000]),
        ),
        AlarmConfig(name="quiet", kind="silence", unit="capper", metric="temp", after_ms=5_000),
        AlarmConfig(
            name="odd", kind="score", unit="filler", metric=r.choice(["temp", "temp", "kwh"]),
            threshold=r.choice([1.0, 2.0, 3.0]), off_delay_ms=r.choice([500, 8_000]),
        ),
    )  # fmt: skip
    calendar = _calendar(r, start // 60_000 + AHEAD) if r.random() < 0.7 else None
    return LineConfig(
        path=PATH,
        pace_unit="filler",
        count_unit=r.choice(["filler", "capper"]),
        windows=r.choice([(1, 10, 60), (1, 10, 60, 900)]),
        usable_quality=r.choice([(0,), (0, 7)]),
        units=(_unit(r, "filler"), _unit(r, "capper"), *_oven(r)),
        alarms=alarms,
        time=TIME,
        calendar=calendar,
        shift_windows=calendar is not None,
    )


def other_alarms(r, alarms):
    """One of them is another one from now on, or gone."""
    cold, quiet, odd = alarms
    cold, quiet = cold.model_copy(update={"low": 66.0}), quiet.model_copy(update={"after_ms": 3_000})
    return r.choice([(cold, *alarms[1:]), (alarms[0], quiet, odd), alarms[:2], alarms[1:]])


def _unit(r, name):
    meters = [MetricConfig(name="kwh", role="energy"), MetricConfig(name="m3", role="water")]
    return UnitConfig(
        name=name,
        ideal_cycle_ms=150.0,
        metrics=(
            MetricConfig(name="state", role="state", codes=CODES, by_exception=r.random() < 0.4),
            MetricConfig(name="mode", role="mode", by_exception=r.random() < 0.4),
            MetricConfig(name="good", role="good_count"),
            MetricConfig(name="bad", role="reject_count"),
            MetricConfig(name="again", role="rework_count"),
            MetricConfig(name="temp", role="temperature", hold_ms=r.choice([400, 3_000, 10_000])),
            *r.sample(meters, r.randrange(3)),
        ),
    )


def _oven(r):
    """A unit that is only metered, at times."""
    meter = MetricConfig(name="kwh", role="energy")
    return (UnitConfig(name="oven", metrics=(meter,)),) if r.random() < 0.3 else ()


def _calendar(r, minute):
    """Up to three shifts about a local minute, one of the evening before, with breaks and gaps; days off."""
    day, at = divmod(minute, DAY)
    shifts, begin = [], at - r.randrange(4)
    if r.random() < 0.3:
        begin = at + r.randrange(3)
        shifts.append(_shift(r, "night", 22 * 60, DAY + begin, day - 1))
    for name in ("early", "late")[: r.randrange(1, 3)]:
        end = max(begin + 1, at + r.choice([1, 1, 2, 3]))
        shifts.append(_shift(r, name, begin, end, day))
        begin = end + r.choice([0, 0, 1])
    off = [date.fromordinal(EPOCH + day - r.randrange(2))] if r.random() < 0.1 else []
    return CalendarConfig(offsets=((0, AHEAD),), shifts=tuple(shifts), holidays=tuple(off))


def _shift(r, name, begin, end, day):
    """It may have breaks in its last minutes, which may overlap."""
    low = max(begin, end - 3)
    pauses = [sorted(r.sample(range(low, end + 1), 2)) for _ in range(r.choice([0, 0, 1, 2]))]
    return ShiftConfig(name=name, begin=begin, end=end, breaks=tuple(map(tuple, pauses)), days=_days(r, day))


def _days(r, day):
    """Days of the week: all, or all but the one that it is."""
    today = date.fromordinal(EPOCH + day).weekday()
    return tuple(d for d in range(7) if d != today or r.random() < 0.95)
