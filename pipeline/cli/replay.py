"""`parkpulse replay CONFIG FILE... --line PATH`: recorded files to the broker as if live.

Rule: what the gateway would reject for its age is said before the first row is sent; what was sent was acknowledged;
with recorded times what became of it is told.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.core.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    from rich.progress import Progress

    from connectors.mqtt.settings import MqttSettings
    from connectors.mqtt.sink import MqttSink
    from pipeline.config.read import Config
    from pipeline.core.line_config import TimeConfig
    from pipeline.view.account import Account
    from pipeline.view.words import Words
    from simulators.replay import Payload, Recording

TOGETHER = 16  # payloads that are due travel together
CELL_US = 100_000  # of wall time; what is due within one goes in one payload
TRIES = 6
DAY_MS = 86_400_000


def replay(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV files, laid end to end.")],
    *,
    line: Annotated[str, typer.Option(metavar="PATH", help="Line that the samples belong to.")],
    unit: Annotated[str, typer.Option(metavar="NAME", help="Unit of the line; none: the line itself.")] = "",
    time: Annotated[str, typer.Option(metavar="COLUMN", help="Column with the time; none: it is found.")] = "",
    tz: Annotated[str, typer.Option(metavar="ZONE", help="Zone of times that name none.")] = "UTC",
    columns: Annotated[str, typer.Option(metavar="A,B", help="Columns to send; none: all.")] = "",
    skip: Annotated[str, typer.Option(metavar="C,D", help="Columns to leave out.")] = "",
    speed: Annotated[float | None, typer.Option(metavar="X", help="Times as fast as recorded (1).")] = None,
    fast: Annotated[bool, typer.Option("--fast", help="As fast as the broker takes it.")] = False,
    keep_time: Annotated[bool, typer.Option("--keep-time", help="Send the recorded times.")] = False,
) -> None:
    """Send recorded files to the broker as if live."""
    from pipeline.config.read import read_config
    from pipeline.runtime.clock import WallClock
    from pipeline.view.account import Account
    from pipeline.view.words import Words
    from simulators.replay import Choice, read_recording

    found = read_config(config)
    where = _equipment(found, line, unit)
    settings = _settings(found, where)
    if speed is not None and (fast or not 0 < speed < float("inf")):
        raise ConfigError(f"--speed: got {speed:g}{' beside --fast' if fast else ''}; expected one of both, above 0")
    recording = read_recording(files, Choice(time, _zone(tz), _listed(columns), _listed(skip)), keep_time)
    pace = 0.0 if fast else speed or 1.0
    now = WallClock().now_ms()
    run = Run(recording, where, now, _shift_us(recording, now, pace, keep_time), pace, Words(found.language))
    path = "/".join(where.split("/")[: len(found.levels) - 1])
    _check_ages(found, path, run)
    for sentence in run.parts():
        typer.echo(sentence)
    account = Account.open(found.data_dir / "store.sqlite", path)
    typer.echo(run.send(settings))
    if keep_time:
        _tell_fate(account, run.samples, _time(found, path))


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _zone(name: str) -> str:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ConfigError(
            f"--tz: unknown time zone; got {name!r}; expected an IANA name like 'Europe/Moscow'"
        ) from None


def _equipment(config: "Config", line: str, unit: str) -> str:
    """The path that the topic ends with."""
    from unicodedata import normalize

    from pipeline.core.equipment import name_slip, path_slip

    line, unit = normalize("NFC", line).strip("/"), normalize("NFC", unit)
    levels = config.levels[:-1]
    if slip := path_slip(line):
        raise ConfigError(f"--line: {slip}; got {line!r}; expected {'/'.join(levels)}")
    if line.count("/") + 1 != len(levels):
        raise ConfigError(f"--line: wrong number of levels; got {line!r}; expected {'/'.join(levels)}")
    if unit and (slip := name_slip(unit)):
        raise ConfigError(f"--unit: {slip}; got {unit!r}; expected the name of a unit")
    return f"{line}/{unit}" if unit else line


def _settings(config: "Config", where: str) -> "MqttSettings":
    from hashlib import sha256

    from connectors.mqtt.settings import MqttSettings

    broker = next((one for one in config.brokers if "own" in one.families), None)
    if broker is None:
        raise ConfigError("park.toml: brokers: a replay needs one of [[brokers]] with 'own' among its families")
    client_id = f"parkpulse-replay-{sha256(where.encode()).hexdigest()[:12]}"
    login = (broker.ca or None, broker.cert or None, broker.key or None, broker.username or None, broker.password())
    return MqttSettings(broker.url, client_id, broker.protocol, *login, session_expiry_s=0)


def _shift_us(recording: "Recording", now_ms: int, pace: float, keep_time: bool) -> int:
    """Whole ms, so that what is finer stays."""
    if keep_time:
        return 0
    ahead = recording.length_us * (1 - 1 / pace) if pace else recording.length_us
    return (now_ms * 1000 - round(ahead) - recording.first_us) // 1000 * 1000


def _check_ages(config: "Config", line: str, run: "Run") -> None:
    """Ages at sending grow or fall evenly, so the first and the last row tell."""
    from pipeline.config.amounts import duration_text

    time, declared = _time(config, line), any(one.path == line for one in config.lines)
    where = "[time] of its file in lines/" if declared else f'lines/NAME.toml with path = "{line}" and [time]'
    oldest, youngest = max(run.ages_ms()), min(run.ages_ms())
    if oldest > time.max_age_ms:
        raise ConfigError(
            f"{line}: samples {oldest / DAY_MS:.1f} days old would be rejected; got max_age = "
            f'"{duration_text(time.max_age_ms)}"; set max_age = "{oldest // DAY_MS + 2}d" in {where}'
        )
    if -youngest > time.max_clock_skew_ms:
        raise ConfigError(
            f"{line}: samples {-youngest / 1000:.0f} s ahead of now would be rejected; got max_clock_skew = "
            f'"{duration_text(time.max_clock_skew_ms)}"; set max_clock_skew = "{-youngest // 1000 + 60}s" in {where}'
        )


def _time(config: "Config", line: str) -> "TimeConfig":
    from pipeline.core.line_config import TimeConfig

    return next((one.time for one in config.lines if one.path == line), TimeConfig())


def _tell_fate(account: "Account", samples: int, time: "TimeConfig") -> None:
    """Recorded times may be of no use to the line: success is what was stored. Where the store is elsewhere, so is
    the ledger."""
    from pipeline.config.amounts import duration_text
    from pipeline.runtime.clock import WallClock, monotonic
    from pipeline.view.account import SETTLED_S

    if not account.store.exists():
        typer.echo(f"{account.line}: no store on this machine; `parkpulse query CONFIG ledger` tells what was stored")
        return
    typer.echo(f"waiting for the ledger, {SETTLED_S:.0f} s at most", err=True)
    until = monotonic() + SETTLED_S
    while sum(account.since().values()) < samples and monotonic() < until:
        WallClock().wait(1.0)
    sentence, has_stored = account.said(samples, duration_text(time.correction_horizon_ms))
    typer.echo(sentence, err=not has_stored)
    if not has_stored:
        raise typer.Exit(1)


@dataclass
class Run:
    """One replay: `pace` is event time by wall time, 0 as fast as the broker takes it; what was sent so far."""

    recording: "Recording"
    where: str
    now_ms: int
    shift_us: int
    pace: float
    words: "Words"
    rows: int = 0
    samples: int = 0
    pending: list["Payload"] = field(default_factory=list)

    def ages_ms(self) -> tuple[int, int]:
        """Of the first and of the last row when it is sent."""
        first, length = self.recording.first_us + self.shift_us, self.recording.length_us
        lasts = round(length / self.pace) if self.pace else 0
        return self.now_ms - first // 1000, self.now_ms - (first + length - lasts) // 1000

    def parts(self) -> Iterator[str]:
        metrics = len(self.recording.table.columns) - 1
        for part in self.recording.parts:
            shift = part.offset_us + self.shift_us
            times = _iso(part.first_us), _iso(part.first_us + shift), shift // 1000
            yield from (f"{part.path}: {remark}" for remark in part.remarks)
            yield self.words.said("replay_part", part.path, part.rows, metrics, *times)

    def send(self, settings: "MqttSettings") -> str:
        """Returns the line for the end."""
        from rich.console import Console
        from rich.progress import Progress

        from connectors.mqtt.sink import MqttSink
        from pipeline.runtime.clock import monotonic

        begin = monotonic()
        sink = MqttSink(settings)
        try:
            with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
                self._send(sink, bar)
        finally:
            sink.close()
        shifts = ", ".join(str((part.offset_us + self.shift_us) // 1000) for part in self.recording.parts)
        seconds = self.words.decimal(monotonic() - begin, 1)
        return self.words.said("replay_end", self.rows, self.samples, seconds, shifts)

    def _send(self, sink: "MqttSink", bar: "Progress") -> None:
        from pipeline.runtime.clock import WallClock
        from simulators.replay import payloads

        clock = WallClock()
        task = bar.add_task(self.where, total=len(self.recording.table))
        cell_us = max(1, round(CELL_US * self.pace)) if self.pace else 0
        for payload in payloads(self.recording, self.shift_us, cell_us):
            due_ms = self.now_ms + (payload.us - self.recording.first_us) / 1000 / self.pace if self.pace else 0.0
            if len(self.pending) == TOGETHER or due_ms > clock.now_ms():
                self._publish(sink)
                bar.update(task, completed=self.rows)
            while (left := due_ms - clock.now_ms()) > 0:
                clock.wait(min(left / 1000, 0.2))
            self.pending.append(payload)
        self._publish(sink)

    def _publish(self, sink: "MqttSink") -> None:
        """A broker that was there is waited for; what goes twice is a duplicate, and counted as one."""
        from connectors.mqtt.sink import Publication
        from pipeline.runtime.clock import WallClock

        topic = f"parkpulse/v1/data/{self.where}"
        for left in reversed(range(TRIES if self.rows else 1)):
            try:
                sink.publish([Publication(topic, payload.body) for payload in self.pending])
                break
            except Unavailable as error:
                if not left:
                    raise
                WallClock().wait(error.retry_after)
        self.rows += sum(payload.rows for payload in self.pending)
        self.samples += sum(payload.samples for payload in self.pending)
        self.pending = []


def _iso(us: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{us // 1000 % 1000:03d}Z"
