"""`park.toml`: what holds for every line, and where the world is.

Rule: no secret stands here, only the names of environment variables that hold one.
"""

import socket
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from pipeline.config.amounts import Duration, Size
from pipeline.config.broker import BrokerSection
from pipeline.config.log_section import LogSection
from pipeline.config.section import Name, Section, checked_name
from pipeline.config.shift import ShiftSection
from pipeline.config.spool_section import SpoolSection
from pipeline.config.store_section import StoreSection


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        expected = "an IANA name like 'Asia/Ho_Chi_Minh'"
        raise ValueError(f"unknown time zone; got {name!r}; expected {expected}") from None
    return name


def _levels(levels: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(levels)) != len(levels):
        raise ValueError(f"a level stands twice; got {list(levels)}; remove one")
    if levels[-2:] != ("line", "unit") or "site" not in levels:
        raise ValueError(f"wrong levels; got {list(levels)}; expected at least 'site', and 'line', 'unit' at the end")
    return levels


def _day(value: object) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError(f"unreadable day; got {value!r}; expected a date like 2026-09-02") from None


Day = Annotated[date, BeforeValidator(_day)]


def _own_name(name: str) -> str:
    return checked_name(name) if name else socket.gethostname()


class TimeSection(Section):
    """Clocks and patience: how long lines wait for samples, and what is too late."""

    allowed_lateness: Duration = Field(
        2_000, description="How late a sample may come and still be in the first result."
    )
    idle_timeout: Duration = Field(3_000, description="After so long without a sample a source holds nobody up.")
    max_hold: Duration = Field(60_000, description="The longest time a slow source holds up its line.")
    max_clock_skew: Duration = Field(60_000, description="How far ahead of our clock a sample may be dated.")
    correction_horizon: Duration = Field(
        86_400_000,
        description="Late samples correct results so far back; older ones go to late.v1 and count as expired.",
    )
    announce_horizon: Duration = Field(900_000, description="Older changes of alarms are stored but not announced.")
    valid_for: Duration = Field(
        60_000, description="How long a state still holds when its source has gone silent; then: unclassified."
    )
    max_age: Duration = Field(172_800_000, description="Samples older than this at receipt are rejected.")
    linger: Duration = Field(250, description="How long the gateway collects samples for one record.")
    max_open_rows: int = Field(
        1_000_000, ge=1000, description="Samples of one source that may wait for their second to close."
    )
    max_series: int = Field(
        20_000, ge=1, le=1 << 30, description="Metrics of one line; what comes beyond and is not declared is rejected."
    )


class GatewaySection(Section):
    """The role that receives samples and writes the log."""

    name: Annotated[str, AfterValidator(_own_name)] = Field(
        "", validate_default=True, description="Name of this gateway, part of its MQTT client id; empty: the host name."
    )
    max_payload: Size = Field(1 << 20, ge=1024, description="Larger payloads are rejected as too_large.")
    spool: SpoolSection = Field(SpoolSection(), description="What waits on its disk while Kafka is away.")


class HttpSection(Section):
    """Health, readiness and instruments of every role."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(0, ge=0, le=65535, description="Port to listen on; 0: a free one, printed at the start.")


class ParkFile(Section):
    """park.toml: what holds for every line."""

    levels: Annotated[tuple[Name, ...], AfterValidator(_levels)] = Field(
        ("operator", "park", "tenant", "site", "area", "line", "unit"),
        description="Names of the equipment levels, top down; the last two are line and unit.",
    )
    data_dir: str = Field("data", min_length=1, description="Folder of log and store; relative to this file's folder.")
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "Asia/Ho_Chi_Minh", description="Time zone of shifts and of times shown to people."
    )
    language: Literal["en", "vi"] = Field("vi", description="Language of messages on the screen.")
    time: TimeSection = Field(TimeSection(), description="Defaults of every line; a line file may override each.")
    gateway: GatewaySection = Field(GatewaySection(), description="The role that receives samples.")
    http: HttpSection = Field(HttpSection(), description="Health, readiness and instruments of every role.")
    log: LogSection = Field(LogSection(), description="The spine between the roles.")
    store: StoreSection = Field(StoreSection(), description="Where results are kept for queries.")
    brokers: tuple[BrokerSection, ...] = Field(
        (), description="MQTT brokers: any number. Samples are received from each, alerts published to each."
    )
    shifts: tuple[ShiftSection, ...] = Field((), description="Planned work, in timezone; none: all time is planned.")
    holidays: tuple[Day, ...] = Field(
        (), description="Days on which no shift begins.", examples=[["2026-09-02", "2027-01-01"]]
    )
