"""All boards of a configuration, in both languages, as files: names and texts."""

import json
from collections.abc import Iterator, Sequence

from pipeline.config.line_model import WINDOW_SECONDS
from pipeline.config.read import Config
from pipeline.core.line_config import LineConfig
from pipeline.core.unit_book import BASE_MS
from pipeline.view.boards.board import Setting
from pipeline.view.boards.line import line_board
from pipeline.view.boards.machine import machine_board
from pipeline.view.boards.panels import Json
from pipeline.view.boards.park import park_board
from pipeline.view.boards.pipeline import pipeline_board
from pipeline.view.words import LANGUAGES

BOARDS = {"park": park_board, "line": line_board, "machine": machine_board, "pipeline": pipeline_board}


def board_files(config: Config) -> Iterator[tuple[str, str]]:
    """(path below the folder of boards, text)."""
    for language in LANGUAGES:
        setting = setting_of(config, language)
        for name, make in BOARDS.items():
            yield f"{language}/{name}.json", text_of(make(setting))


def text_of(board: Json) -> str:
    return json.dumps(board, ensure_ascii=False, indent=1) + "\n"


def setting_of(config: Config, language: str) -> Setting:
    return Setting(language, config.levels, config.timezone, _windows(config.lines), _uoms(config.lines))


def _windows(lines: Sequence[LineConfig]) -> tuple[str, ...]:
    """Those that elements have, of any line, shortest first."""
    used = {seconds for line in lines for seconds in line.windows}
    known = sorted(WINDOW_SECONDS.items(), key=lambda one: one[1])
    return tuple(name for name, seconds in known if seconds in used and seconds * 1000 >= BASE_MS) or ("1m",)


def _uoms(lines: Sequence[LineConfig]) -> dict[str, str]:
    """By metric; a metric that has several is left out."""
    found: dict[str, set[str]] = {}
    for metric in (m for line in lines for unit in line.units for m in unit.metrics):
        found.setdefault(metric.name, set()).add(metric.uom)
    return {name: next(iter(uoms)) for name, uoms in found.items() if len(uoms) == 1 and uoms != {""}}
