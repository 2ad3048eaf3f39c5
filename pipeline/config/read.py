"""A configuration folder -> one frozen `Config`, or every slip in it at once.

Rule: nothing is connected to before this has passed; no slip hides another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.config.access import check_access, located
from pipeline.config.broker import BrokerSection, check_topics
from pipeline.config.calendar import check_shifts, resolve_calendar
from pipeline.config.checks import check_line
from pipeline.config.hints import NO_LINES, line_hints, park_hints, unread_hints
from pipeline.config.line_model import LineFile
from pipeline.config.log_section import LogSection, check_log, resolved_log
from pipeline.config.model import GatewaySection, HttpSection, ParkFile
from pipeline.config.packs import Packs
from pipeline.config.resolve import resolve_line, resolve_time
from pipeline.config.shape import Loc
from pipeline.config.slips import Slip, beside, validate
from pipeline.config.spool_section import check_spool
from pipeline.config.store_section import StoreSection, check_store, located_store
from pipeline.config.toml import read_toml
from pipeline.core.calendar import CalendarConfig
from pipeline.core.errors import ConfigError
from pipeline.core.line_config import LineConfig, TimeConfig

PARK = "park.toml"
Place = Literal["brokers", "log", "store"]
PLACES: tuple[Place, ...] = ("brokers", "log", "store")


@dataclass(frozen=True, slots=True)
class Config:
    """What the folder says, resolved: paths absolute, times in ms, lines complete. `hints`: what is legal but poor."""

    folder: Path
    levels: tuple[str, ...]
    data_dir: Path
    timezone: str
    language: str
    time: TimeConfig
    gateway: GatewaySection
    http: HttpSection
    log: LogSection
    store: StoreSection
    brokers: tuple[BrokerSection, ...]
    calendar: CalendarConfig | None
    lines: tuple[LineConfig, ...]
    hints: tuple[str, ...]


def read_config(folder: Path, places: Sequence[Place] = PLACES) -> Config:
    """Raises ConfigError with all slips. `places`: what is spoken to; passwords of others need not be there."""
    folder = folder.expanduser().resolve()
    if not folder.is_dir():
        what = "no such folder" if not folder.exists() else "a file, not a folder"
        raise ConfigError(f"{folder}: {what}; expected the configuration folder that holds {PARK}; correct the path")
    if not (folder / PARK).is_file():
        raise ConfigError(f"{folder}: no {PARK} there; expected a configuration folder; see `parkpulse explain park`")
    said: list[str] = []
    park, levels = _read_park(folder, places, said)
    files = _read_lines(folder, levels, said)
    if said or park is None:
        raise ConfigError(*said)
    return _config(folder, park, files)


def _config(folder: Path, park: ParkFile, files: dict[str, LineFile]) -> Config:
    calendar = resolve_calendar(park.shifts, park.holidays, park.timezone)
    return Config(
        folder=folder,
        levels=park.levels,
        data_dir=(folder / Path(park.data_dir).expanduser()).resolve(),
        timezone=park.timezone,
        language=park.language,
        time=resolve_time(park.time),
        gateway=park.gateway,
        http=park.http,
        log=resolved_log(park.log, folder),
        store=located_store(park.store, folder),
        brokers=tuple(_located(broker, folder) for broker in park.brokers),
        calendar=calendar,
        lines=tuple(resolve_line(line, park, calendar) for line in files.values()),
        hints=tuple(_hints(folder, park, files)),
    )


def _hints(folder: Path, park: ParkFile, files: dict[str, LineFile]) -> Iterator[str]:
    yield from unread_hints(folder)
    yield from (hint.line(PARK) for hint in park_hints(park))
    if not files:
        yield NO_LINES
    for name, line in files.items():
        yield from (hint.line(name) for hint in line_hints(line))


def _read_park(folder: Path, places: Sequence[Place], said: list[str]) -> tuple[ParkFile | None, tuple[str, ...]]:
    """The park, and the levels to hold paths against: none where they are wrong."""
    try:
        park, slips = validate(ParkFile, read_toml(folder / PARK, PARK))
    except ConfigError as error:
        said.extend(error.slips)
        return None, ()
    has_levels = not any(slip.loc[:1] == ("levels",) for slip in slips)
    levels = park.levels if park is not None and has_levels else ()
    slips += beside(slips, check_shifts(park.shifts if park is not None else ()))
    slips += beside(slips, check_log(park.log, folder) if park is not None else ())
    slips += beside(slips, check_spool(park.gateway.spool, park.log) if park is not None else ())
    has_store = park is not None and not any(slip.loc == ("store", "kind") for slip in slips)
    slips += beside(slips, check_store(park.store, levels, folder) if park is not None and has_store else ())
    brokers = park.brokers if park is not None else ()
    for i, one in enumerate(brokers):
        slips += beside(slips, (*_check_broker(i, one, folder), *check_topics(i, one, levels, slips)))
    slips += list(_check_twice(brokers, slips))
    said.extend(slip.line(PARK) for slip in slips if slip.key != "secret" or slip.loc[0] in places)
    return park, levels


def _read_lines(folder: Path, levels: tuple[str, ...], said: list[str]) -> dict[str, LineFile]:
    """By name of their file."""
    packs, files, owners = Packs(folder), dict[str, LineFile](), dict[str, str]()
    for path in sorted((folder / "lines").rglob("*.toml")):
        name = path.relative_to(folder).as_posix()
        try:
            raw, unknown_pack = packs.merged(read_toml(path, name))
        except ConfigError as error:
            said.extend(slip for slip in error.slips if slip not in said)
            continue
        line, slips = validate(LineFile, raw)
        if line is not None:
            found = [] if unknown_pack else list(check_line(line, levels))
            if (first := owners.setdefault(line.path, name)) != name:
                found.append(Slip(("path",), f"{line.path!r} is the path of {first} too; a path names one line"))
            slips += beside(slips, found)
            files[name] = line
        said.extend(slip.line(name) for slip in [*unknown_pack, *slips])
    return files


def _check_broker(i: int, broker: BrokerSection, folder: Path) -> Iterator[Slip]:
    at: Loc = ("brokers", i)
    if broker.families and not broker.filters:
        got = ", ".join(broker.families)
        yield Slip(
            (*at, "families"),
            f"match nothing; got {got}, which has no topics of its own; add [[brokers.topics]] for it",
        )
    plain = "" if broker.is_tls else f"got the plain address {broker.url!r}; use mqtts://"
    yield from check_access(at, broker, folder, plain)


def _check_twice(brokers: Sequence[BrokerSection], slips: Sequence[Slip]) -> Iterator[Slip]:
    """Two connections of one name would expel each other."""
    unreadable, seen = {slip.loc for slip in slips}, set[tuple[str, int]]()
    for i, broker in enumerate(brokers):
        at: Loc = ("brokers", i, "url")
        if at in unreadable:
            continue
        if (broker.host, broker.port) in seen:
            what = f"the address of a broker above; got {broker.url!r}; expected each broker once; make one of the two"
            yield Slip(at, what)
        seen.add((broker.host, broker.port))


def _located(broker: BrokerSection, folder: Path) -> BrokerSection:
    return broker.model_copy(update=located(broker, folder))
