"""What passes and still gives less than it looks like: one line each, in the grammar of slips.

Rule: a hint refuses nothing. It stands where a figure stays empty, or where sums may not be what was meant.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.config.checks import pace_unit
from pipeline.config.line_model import LineFile, UnitSection
from pipeline.config.model import ParkFile
from pipeline.config.slips import Slip
from pipeline.core.line_config import Role

PARTS: tuple[Role, ...] = ("good_count", "reject_count", "rework_count")
METERS: dict[Role, tuple[str, tuple[str, ...]]] = {"energy": ("kWh", ("kwh",)), "water": ("m³", ("m³", "m3"))}
NO_CYCLE = "is missing; oee and effectiveness stay empty"
NO_LINES = "lines: none; what comes in gets statistics and scores, but no KPI and no alarm; add lines/NAME.toml"


def unread_hints(folder: Path) -> Iterator[str]:
    """Files that look like lines and are none by their name or place."""
    beside = (path for path in folder.iterdir() if ".toml" in path.name.lower() and path.name != "park.toml")
    for path in sorted(path for path in beside if path.is_file()):
        name = path.name if path.suffix == ".toml" else f"{path.name[: path.name.lower().index('.toml')]}.toml"
        yield f"{path.name}: is not read; expected lines in the folder lines; if it is one, move it to lines/{name}"
    for path in sorted((folder / "lines").rglob("*")):
        if path.is_file() and path.suffix not in (".toml", ".md") and not path.name.startswith("."):
            name = path.relative_to(folder).as_posix()
            yield f"{name}: is not read; expected a name that ends in .toml; rename it, or take it out of lines"


def park_hints(park: ParkFile) -> Iterator[Slip]:
    for i, broker in enumerate(park.brokers):
        if "telegraf" in broker.families and not any(topic.family in ("telegraf", "influx") for topic in broker.topics):
            yield Slip(
                ("brokers", i, "families"),
                "telegraf matches nothing; got no topics for it; add [[brokers.topics]] with pattern and family",
            )


def line_hints(line: LineFile) -> Iterator[Slip]:
    for i, unit in enumerate(line.units):
        yield from _unit_hints(i, unit)
    counting = {unit.name for unit in line.units if _metrics(unit, *PARTS)}
    for i, unit in enumerate(line.units):
        is_pace = unit.name == pace_unit(line) and unit.name not in counting and line.count_unit in counting
        if is_pace and unit.ideal_cycle is None:
            what = f"{NO_CYCLE} for the line; {unit.name!r} sets its pace; add it, for instance '0.15s'"
            yield Slip(("units", i, "ideal_cycle"), what)


def _unit_hints(i: int, unit: UnitSection) -> Iterator[Slip]:
    counters = _metrics(unit, *PARTS)
    if counters and unit.ideal_cycle is None:
        got = "got ideal_cycles, which wait for orders; " if unit.ideal_cycles else ""
        what = f"{NO_CYCLE}, though {unit.name!r} counts parts ({', '.join(counters)})"
        yield Slip(("units", i, "ideal_cycle"), f"{what}; {got}add it, for instance '0.15s'")
    if counters and not _metrics(unit, "state"):
        what = f"no metric with the role state, though {unit.name!r} counts parts; all its time is unclassified"
        yield Slip(("units", i, "metrics"), f"{what} and oee stays empty; add one")
    yield from _meter_hints(i, unit)
    good = _metrics(unit, "good_count")
    if len(good) > 1:
        yield Slip(
            ("units", i, "metrics", good[1], "role"),
            f"a second good_count; got {', '.join(good)}, whose parts are summed; right for two lanes; "
            "where one counts parts of the other again, keep one",
        )


def _meter_hints(i: int, unit: UnitSection) -> Iterator[Slip]:
    for name, metric in unit.metrics.items():
        counts, spellings = METERS.get(metric.role, ("", ()))
        if counts and metric.uom and metric.uom.casefold() not in spellings:
            what = f"a meter with the role {metric.role} counts {counts}; got {metric.uom!r}; its sums will be wrong"
            yield Slip(("units", i, "metrics", name, "uom"), f"{what}; send {counts}, or take another role")


def _metrics(unit: UnitSection, *roles: Role) -> list[str]:
    return [name for name, metric in unit.metrics.items() if metric.role in roles]
