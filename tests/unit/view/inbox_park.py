"""Frames as a gateway writes them, a park with one line, and a person who pastes: for tests of the inbox."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.config.read import read_config
from pipeline.core.frames import NO_TEXT, Frame, FrameName, Kind, encode
from pipeline.core.ports import Record
from pipeline.view.inbox import Inbox, declared_series, inbox_table, named_series
from pipeline.view.inbox_found import found_in, roles_of
from pipeline.view.inbox_paste import line_texts, named_pace, pasted, pastes
from pipeline.view.words import Words

EN = Words("en")
TIME, HOUR = 1_780_000_000_000, 3_600_000
LINE, NEW = "park-01/dairy/line-1", "park-01/dairy/dây.2"
PARK = 'levels = ["park", "site", "line", "unit"]\nlanguage = "en"\n'
FILE = f"""path = "{LINE}"
[[units]]
name = "filler"
[units.metrics.state]
role = "state"
by_exception = true

# below: the capper
[[units]]
name = "capper"
[[alarms]]
name = "quiet"
kind = "silence"
unit = "filler"
metric = "state"
after = "30s"
"""
Captured = pytest.CaptureFixture[str]
Value = float | str
Rows = Sequence[tuple[str, str, int, Value]]
Write = Callable[[int, Mapping[str, Rows]], None]


def frame(rows: Rows) -> bytes:
    """Rows (unit, metric, ms after TIME, value) as a gateway writes them."""
    rows = sorted(rows, key=lambda row: row[:3])
    names = list(dict.fromkeys(FrameName(unit, metric, "") for unit, metric, _, _ in rows))
    texts = list(dict.fromkeys(value for *_, value in rows if isinstance(value, str)))
    index = np.array([names.index(FrameName(unit, metric, "")) for unit, metric, _, _ in rows], "<u2")
    t = np.array([TIME + at for _, _, at, _ in rows], "<i8")
    v = np.array([np.nan if isinstance(value, str) else value for *_, value in rows], "<f8")
    text = np.array([texts.index(value) if isinstance(value, str) else NO_TEXT for *_, value in rows], "<u2")
    return encode(
        Frame(Kind.DATA, 0, 0, TIME, "gw", 1, 1, len(rows), 0, tuple(names), tuple(texts), index, t, v, text)
        if texts
        else Frame(Kind.DATA, 0, 0, TIME, "gw", 1, 1, len(rows), 0, tuple(names), (), index, t, v)
    )


def series(metric: str, values: Sequence[Value], unit: str = "filler", step: int = 500) -> Rows:
    return [(unit, metric, n * step, value) for n, value in enumerate(values)]


COUNT = [1.0, 2.0, 4.0]


def configured(folder: Path) -> Path:
    (folder / "lines").mkdir()
    (folder / "park.toml").write_text(PARK, encoding="utf-8")
    (folder / "lines" / "line-1.toml").write_text(FILE, encoding="utf-8")
    return folder


def paste_all(folder: Path, frames: Mapping[str, Rows]) -> None:
    """As a person does who follows what the inbox says."""
    config, files = read_config(folder), line_texts(folder)
    inbox = Inbox(declared_series(config.lines), "", named_series(config.lines))
    inbox.take([Record(0, 0, TIME, line.encode(), frame(rows)) for line, rows in frames.items()])
    lines = pastes(
        found_in(inbox_table(inbox), config.levels, roles_of(config.lines, named_pace(files)), EN), files, EN
    )
    assert not any(paste.by_hand for paste in lines)
    for name in {paste.file for paste in lines}:
        here = [paste for paste in lines if paste.file == name]
        file = next((file for file in files.values() if file.name == name), None)
        text = here[0].text if file is None else pasted(file, here)
        (folder / name).write_text(text, encoding="utf-8")
