"""`parkpulse demo`: bundled factory lines, all roles and a view, from nothing."""

import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from simulators.demo import Demo

FIXED_START_MS = 1_780_000_000_000
DAY_MS = 86_400_000


def demo(
    seconds: Annotated[float | None, typer.Option(help="Simulated seconds to run; without it until Ctrl-C.")] = None,
    speed: Annotated[float, typer.Option(help="Upper limit of speed; 1 = live.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the plant.")] = 1,
    start: Annotated[str | None, typer.Option(help="First event time: ISO 8601 or epoch ms.")] = None,
    data: Annotated[Path, typer.Option(help="Folder for configuration, log and store.")] = Path("parkpulse-data"),
    summary: Annotated[Path | None, typer.Option(help="Write the summary of the run there (JSON).")] = None,
    lang: Annotated[str, typer.Option(help="Language of the screen: vi or en.")] = "en",
    port: Annotated[int, typer.Option(help="Port of the embedded MQTT broker; 0: a free one.")] = 0,
) -> None:
    """Run the bundled plant on this machine: no broker, no account, nothing to configure."""
    from pipeline.core.errors import ConfigError
    from pipeline.runtime.logs import setup
    from simulators.demo import Demo, is_whole, write_summary
    from simulators.lines.dairy_filling import DairyFilling
    from simulators.plant import Plant

    if lang not in ("vi", "en"):
        raise ConfigError(f"--lang: unknown language {lang!r}; expected vi or en")
    if seconds is not None and seconds <= 0:
        raise ConfigError(f"--seconds: got {seconds:g}; expected a number above 0")
    if speed <= 0:
        raise ConfigError(f"--speed: got {speed:g}; expected a number above 0")
    setup("WARNING")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    first = start_ms(start, speed, seed)
    run = Demo(data, first, lambda begin: Plant([DairyFilling()], seed, begin), speed, lang, port)
    with run:
        _greet(run, lang, data)
        _drive(run, seconds, stop, lang)
        run.finish()
        found = run.summary()
    _say_end(found, lang)
    if summary is not None:
        write_summary(found, summary)
    if not is_whole(found):
        raise typer.Exit(1)


def start_ms(text: str | None, speed: float, seed: int) -> int:
    """First event time, on the grid of 100 ms: what was asked, else now when live, else fixed by the seed."""
    from pipeline.core.errors import ConfigError
    from pipeline.runtime.clock import WallClock

    if text is None:
        now = WallClock().now_ms()
        return (now if speed == 1 else FIXED_START_MS + seed * DAY_MS) // 100 * 100
    try:
        if text.isdecimal():
            return int(text) // 100 * 100
        found = datetime.fromisoformat(text)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000) // 100 * 100
    except ValueError:
        raise ConfigError(f"--start: no time; got {text!r}; expected ISO 8601 or epoch ms") from None


def _greet(run: "Demo", lang: str, data: Path) -> None:
    from pipeline.view.words import WORDS

    w = WORDS[lang]
    typer.echo(f"{w['begin']}  {w['broker']}: {run.broker.url} ({run.broker.kind})  {w['data']}: {data}")
    typer.echo(f"{w['watch']}: mosquitto_sub -h 127.0.0.1 -p {run.broker.port} -v -t 'parkpulse/v1/alerts/#'")
    typer.echo(f"{w['query']}: {sys.argv[0]} query {data}/config kpis")


def _drive(run: "Demo", seconds: float | None, stop: threading.Event, lang: str) -> None:
    from pipeline.runtime.clock import monotonic

    until = None if seconds is None else run.start_ms + round(seconds * 1000)
    said_at, said_ms, stored = monotonic(), run.start_ms, dict[str, int]()
    while not stop.is_set() and (until is None or run.drive.now_ms < until):
        run.tick()
        if monotonic() - said_at >= 1.0:
            elapsed = max(1, run.drive.now_ms - said_ms) / 1000
            _say(run, lang, elapsed, stored)
            said_at, said_ms = monotonic(), run.drive.now_ms


def _say(run: "Demo", lang: str, elapsed: float, before: dict[str, int]) -> None:
    from pipeline.view.plain import Rates, line_text
    from simulators.demo import LATENESS_MS
    from simulators.summary import latency

    seen = run.live.look()
    delay = latency(run.drive.sent_at, dict(list(run.live.results_seen.items())[-20:]), LATENESS_MS)["p50"]
    sent = run.plant.sent
    rate = (sent - before.get("", 0)) / elapsed
    before[""] = sent
    for path in run.plant.truth:
        line = seen.get(path)
        if line is not None:
            figures = (line.state, line.kpis, line.elements, line.ledger)
            rates = Rates(rate, None if delay is None else delay / 1000)
            typer.echo(line_text(path, figures, line.alarms, rates, lang))


def _say_end(found: dict[str, object], lang: str) -> None:
    from pipeline.view.words import WORDS
    from simulators.demo import is_whole

    w = WORDS[lang]
    counted = found["samples"]
    text = ", ".join(f"{n} {name}" for name, n in counted.items()) if isinstance(counted, dict) else ""
    typer.echo(f"{w['end']}: {text}")
    if is_whole(found):
        typer.echo(w["whole"])
    else:
        typer.echo(w["failed"], err=True)
