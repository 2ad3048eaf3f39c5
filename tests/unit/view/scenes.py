"""Figures of invented lines for tests of the screen: every kind of content, through the door that results come by."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from pipeline.core.line_config import LineConfig, MetricConfig, UnitConfig
from pipeline.core.results import Result, ResultKind, Transition, Value
from pipeline.view.amounts import short_names
from pipeline.view.figures import Figures
from pipeline.view.page import Page
from pipeline.view.picture import Told, picture
from pipeline.view.words import Words

NOW = 1_780_000_000_000
ROOT = "becamex/park-01/dairy"
FILLING, PACKING, METERS, NEW, DEAD = (
    f"{ROOT}/{name}" for name in ("filling/line-1", "packing/line-2", "power/meters", "new/line-9", "old/line-8")
)


def declared(path: str, unit: str) -> LineConfig:
    state = MetricConfig(name="state", role="state")
    return LineConfig(path=path, pace_unit=unit, count_unit=unit, units=(UnitConfig(name=unit, metrics=(state,)),))


def metered(path: str, meters: int) -> LineConfig:
    power = MetricConfig(name="power", role="power", uom="kW")
    return LineConfig(path=path, units=tuple(UnitConfig(name=f"m{n}", metrics=(power,)) for n in range(meters)))


def result(kind: ResultKind, path: str, start: int, values: dict[str, Value], name: str = "x") -> Result:
    return Result(kind, path, name, 0 if kind == "state" else 10, start, None, 0, values)


def heard(path: str, start: int, name: str = "speed", last: float = 1.0) -> Result:
    return result("metric", path, start, {"count": 10, "last": last}, name)


def elements(
    path: str, start: int, *, apt: int = 10_000, pq: int = 40, gq: int = 40, cycle: int | None = 200
) -> Result:
    times: dict[str, Value] = {"pbt_ms": 10_000, "apt_ms": apt, "aust_ms": 0, "adet_ms": 10_000 - apt, "adot_ms": 0}
    parts: dict[str, Value] = {"unclassified_ms": 0, "pq": pq, "gq": gq, "sq": pq - gq, "rq": 0}
    return result(
        "elements", path, start, {**times, **parts, "ideal_ms": None if cycle is None else cycle * pq}, "elements"
    )


def alarm(path: str, name: str = "low", *, priority: int = 1, state: str = "unack", transition: int = 0) -> Transition:
    return Transition(
        name, transition, name, path, priority, state, "norm", NOW - 7000, NOW - 7000, 8.5, 15.0, "mbar",
        "pressure 8.5 mbar is below 15", "pressure 8,5 mbar thấp hơn 15", "Check the fan.", "Kiểm tra quạt.",
        name, 0, True,
    )  # fmt: skip


def running(figures: Figures, path: str, unit: str, state: str = "execute", **amounts: int) -> None:
    """A minute of a line that counts parts."""
    start = NOW // 10_000 * 10_000
    for window in range(start - 60_000, start, 10_000):
        figures.note_results(path, window + 12_000, [heard(path, window), elements(path, window, **amounts)])
    since = result("state", f"{path}/{unit}", start - 95_000, {"state": state, "reason": ""}, "state")
    figures.note_results(path, NOW - 1000, [since])


def counted(figures: Figures, path: str, gap: int = 0) -> None:
    """Two sayings of the ledger and of the clock, ten seconds apart; each kind of end of a sample."""
    hour = NOW // 3_600_000 * 3_600_000
    for at, stored in ((NOW - 11_000, 2000), (NOW - 1000, 2700)):
        counts: dict[str, Value] = {
            "received": stored + 115, "stored": stored, "corrected": 1, "duplicate": 78, "conflict": 3, "expired": 10,
            "rejected": 10, "waiting": 14, "gap": gap, "undated": 0,
        }  # fmt: skip
        row = Result("ledger", path, "gw", 3600, hour, None, int(stored > 2000), counts)
        progress = result("progress", path, 0, {"watermark_ms": at - 2200, "append_ms": at - 40, "open_alarms": 0})
        figures.note_results(path, at, [row, progress])


def anomalous(figures: Figures, path: str, levels: Sequence[int] = (2, 1)) -> None:
    """One anomaly of each level that goes on, and one that is over."""
    for n, level in enumerate(levels):
        said: dict[str, Value] = {"score": 7.1, "level": level, "open": 1, "contributors": ""}
        figures.note_results(path, NOW, [result("anomaly", path, NOW - 15_000, said, f"metric-{n}/ewma")])
        figures.note_results(path, NOW, [result("anomaly", path, NOW - 35_000, said, f"past-{n}/ewma")])
        over: dict[str, Value] = {"score": 0.1, "level": 0, "open": 0, "contributors": ""}
        figures.note_results(path, NOW, [result("anomaly", path, NOW - 25_000, over, f"past-{n}/ewma")])


def unknown(figures: Figures, path: str, unit: str, state: str, since_ms: int = NOW - 95_000) -> None:
    """A unit says what no table knows."""
    figures.note_results(path, NOW, [result("state", f"{path}/{unit}", since_ms, {"state": state}, "state")])


def everything() -> Figures:
    """Running, stopped, metered, never heard, and silent; alarms open and over; anomalies; a ledger."""
    figures = Figures(
        [
            declared(FILLING, "filler"),
            declared(PACKING, "wrapper"),
            metered(METERS, 9),
            declared(NEW, "u"),
            declared(DEAD, "u"),
        ],
        NOW - 60_000,
    )
    running(figures, FILLING, "filler")
    running(figures, PACKING, "wrapper", "held", apt=0, pq=0, gq=0)
    figures.note_results(METERS, NOW, [heard(f"{METERS}/m{n}", NOW - 12_000, "power", 100.0 + n) for n in range(9)])
    figures.note_results(DEAD, NOW - 600_000, [heard(DEAD, NOW - 612_000), elements(DEAD, NOW - 612_000)])
    for path in (FILLING, PACKING, METERS):
        counted(figures, path)
    figures.note_alert(FILLING, alarm(f"{FILLING}/filler"))
    figures.note_alert(PACKING, alarm(f"{PACKING}/wrapper", "film", priority=3))
    figures.note_alert(FILLING, alarm(f"{FILLING}/filler", "old", state="norm", transition=1))
    anomalous(figures, FILLING)
    return figures


def page(figures: Figures, width: int, language: str = "en", now_ms: int = NOW) -> Page:
    return Page(Words(language), ZoneInfo("Asia/Ho_Chi_Minh"), now_ms, width, short_names(list(figures.lines)))


def drawn(
    figures: Figures, shown: Page, height: int, notes: Sequence[str] = ("stop",), troubles: Sequence[str] = ()
) -> list[str]:
    """The screen as rows of text."""
    words = shown.words
    told = Told(words["demo"], [words[trouble] for trouble in troubles], [words[note] for note in notes])
    rows = picture(told, list(figures.lines.values()), shown, height)
    return [row.plain for row in rows]
