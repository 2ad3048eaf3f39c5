"""`parkpulse simulate CONFIG`: the bundled lines to the broker of a configuration, with their truth book.

Rule: lines that the configuration declares, or all where it declares none of them, at work as its calendar plans; what
the gateway would not read is said before anything is sent.
"""

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.ending import Ending
from pipeline.core.errors import ConfigError

if TYPE_CHECKING:
    from rich.progress import Progress

    from connectors.mqtt.settings import MqttSettings
    from pipeline.config.broker import BrokerSection
    from pipeline.config.read import Config
    from pipeline.view.words import Words
    from simulators.hours import Hours
    from simulators.plant import Line, Plant
    from simulators.sender import Sender

SAY_EVERY_S = 10.0


def simulate(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder.")],
    *,
    speed: Annotated[
        float | None, typer.Option(metavar="X", help="Times as fast as live (1); others need --for.")
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="As fast as the broker takes it; needs --for.")] = False,
    length: Annotated[str, typer.Option("--for", metavar="DURATION", help="Simulated time; none: until Ctrl-C.")] = "",
    seed: Annotated[int, typer.Option(help="Seed of the plant.")] = 1,
    truth: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the truth book there (Parquet).")] = None,
    summary: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what was sent and the truth (JSON).")
    ] = None,
) -> None:
    """Send the bundled lines to the broker of a configuration."""
    from pipeline.config.read import read_config
    from pipeline.runtime.clock import WallClock
    from pipeline.view.words import Words
    from simulators.demo import write_summary
    from simulators.plant import Plant
    from simulators.summary import of_plant

    found = read_config(config)
    words = Words(found.language)
    pace, length_ms = _pace(speed, fast, length)
    lines, settings = _lines(found), _settings(found)
    age_ms = max(0, round(length_ms * (1 - 1 / pace)) if pace else length_ms)
    _check_age(found, lines, age_ms)
    plant = Plant(lines, seed, WallClock().now_ms() - age_ms, hours_of(found))
    ending = Ending(threading.Event())
    try:
        sender = _send(plant, settings, pace, length_ms, ending.stop, words)
    finally:
        if truth is not None:
            plant.save_truth(truth)
    if summary is not None:
        write_summary(of_plant(plant, pace > 0), summary)
    typer.echo(_said(sender, plant, words))
    if sender.sent_again:
        typer.echo(words.said("sent_again", sender.sent_again))


def _pace(speed: float | None, fast: bool, length: str) -> tuple[float, int]:
    """(event time by wall time, 0 as fast as can be; ms to send, 0 without an end)."""
    from pipeline.config.amounts import whole_ms

    try:
        length_ms = whole_ms(length) // 100 * 100 if length else 0
    except ValueError as error:
        raise ConfigError(f"--for: {error}") from None
    if length and length_ms <= 0:
        raise ConfigError(f"--for: got {length!r}; expected 100ms or more")
    if speed is not None and (fast or not 0 < speed < float("inf")):
        raise ConfigError(f"--speed: got {speed:g}{' beside --fast' if fast else ''}; expected one of both, above 0")
    pace = 0.0 if fast else speed or 1.0
    if not length and (fast or pace > 1):
        what = "--fast" if fast else f"--speed: got {pace:g}; it"
        raise ConfigError(f"{what} needs an end, for it begins in the past; add --for, like --for 1h")
    return pace, length_ms


def _lines(config: "Config") -> "list[Line]":
    """The bundled lines that the gateway of this configuration would read; says which it would not."""
    from connectors.codecs.topics import Grammar, Misrouted
    from pipeline.view.words import Words
    from simulators.bundled import bundled_lines
    from simulators.payloads import Sample, Sending

    broker = _broker(config)
    grammar = Grammar(config.levels, frozenset(broker.families), broker.patterns)
    declared = {line.path for line in config.lines}
    known, words = bundled_lines(), Words(config.language)
    wanted = [line for line in known if line.path in declared] or known
    taken, left = [], []
    for line in wanted:
        probe = Sending(0, Sample(next(iter(line.units)), "probe", 0, 0))
        route = grammar.route(line.form.encode(line.path, [probe])[0].topic)
        if isinstance(route, Misrouted):
            left.append(words.said("not_read", line.path, route.sentence))
        else:
            taken.append(line)
    if not taken:
        raise ConfigError(*left)
    for sentence in left:
        typer.echo(sentence, err=True)
    for line in taken:
        typer.echo(words.said("sending_line", line.path, words.counted(len(line.units), "machines"), line.form.family))
    return taken


def hours_of(config: "Config") -> "Hours | None":
    """The calendar of the configuration as the plant's own; None without shifts: round the clock."""
    from simulators.hours import Hours, Shift

    if config.calendar is None:
        return None
    shifts = (Shift(shift.begin, shift.end, shift.breaks, frozenset(shift.days)) for shift in config.calendar.shifts)
    return Hours(config.timezone, tuple(shifts), frozenset(config.calendar.holidays))


def _broker(config: "Config") -> "BrokerSection":
    """The first one."""
    if not config.brokers:
        raise ConfigError("park.toml: brokers: got none; expected one to send to; add [[brokers]]")
    return config.brokers[0]


def _settings(config: "Config") -> "MqttSettings":
    from dataclasses import replace

    from pipeline.roles.start import mqtt

    return replace(mqtt(_broker(config), f"parkpulse-simulate-{config.gateway.name}"), session_expiry_s=0)


def _check_age(config: "Config", lines: "list[Line]", age_ms: int) -> None:
    from pipeline.config.amounts import duration_text

    declared = {line.path: line.time.max_age_ms for line in config.lines}
    for line in lines:
        limit = declared.get(line.path, config.time.max_age_ms)
        if age_ms > limit:
            raise ConfigError(
                f"{line.path}: the first samples would be rejected for their age; got --for beyond max_age = "
                f'"{duration_text(limit)}"; shorten --for or raise max_age in [time]'
            )


def _send(
    plant: "Plant", settings: "MqttSettings", pace: float, length_ms: int, stop: threading.Event, words: "Words"
) -> "Sender":
    from rich.console import Console
    from rich.progress import Progress

    from connectors.mqtt.sink import MqttSink, Publication
    from pipeline.runtime.clock import WallClock
    from simulators.sender import Sender

    sink = MqttSink(settings)
    end_ms = plant.start_ms + length_ms if length_ms else None
    sender = Sender(
        plant,
        lambda batch: sink.publish([Publication(*one) for one in batch]),
        WallClock(),
        plant.start_ms,
        pace,
        end_ms,
    )
    try:
        with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
            _turn(sender, plant, bar, stop, words)
    finally:
        sink.close()
    return sender


def _turn(sender: "Sender", plant: "Plant", bar: "Progress", stop: threading.Event, words: "Words") -> None:
    from pipeline.runtime.clock import monotonic
    from pipeline.view.sentences import sentence

    total = None if sender.end_ms is None else (sender.end_ms - sender.begin_ms) / 1000
    task = bar.add_task("", total=total)
    said = monotonic()
    while not sender.ended and not stop.is_set():
        sender.turn()
        text = sentence(sender.trouble, words) or _said(sender, plant, words)
        bar.update(task, completed=(sender.now_ms - sender.begin_ms) / 1000, description=text)
        if bar.disable and monotonic() - said >= SAY_EVERY_S:
            typer.echo(text, err=True)
            said = monotonic()


def _said(sender: "Sender", plant: "Plant", words: "Words") -> str:
    return words.said("samples_sent", round((sender.now_ms - sender.begin_ms) / 1000), plant.sent)
