"""The legal words of a configuration, listed for people: what the code knows, with what the catalogue says of it.

Rule: names come from the code that reads them, so a list cannot lag behind it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from textwrap import wrap
from typing import get_args

from pipeline.config.amounts import DURATION_UNITS, SIZE_UNITS
from pipeline.config.broker import PayloadFamily
from pipeline.config.line_model import Window
from pipeline.config.packs import BUNDLED
from pipeline.config.toml import read_toml
from pipeline.core.line_config import Role
from pipeline.core.packml import MODE_NAMES, MODES, PROGRAMS, STATES, element_of
from pipeline.view import list_words
from pipeline.view.records import QUALITIES
from pipeline.view.words import Words

GAP, WIDTH = 2, 96
Row = tuple[str, ...]


def list_text(kind: str, words: Words) -> str:
    """One list, its sentence above it."""
    return "\n".join([words[kind], "", *columns(list(LISTS[kind](words)))]) + "\n"


def columns(rows: list[Row]) -> Iterator[str]:
    """Rows of cells that stand under each other; the last cell of each takes what it needs."""
    widths = [max([0, *(len(row[n]) for row in rows if n < len(row) - 1)]) for n in range(max(map(len, rows)))]
    for row in rows:
        yield ("  " + "".join(cell.ljust(width + GAP) for cell, width in zip(row, widths, strict=False))).rstrip()


def _states(words: Words) -> Iterator[Row]:
    yield ("", f"packml {words['code']}", "", words["counts_as"])
    for code, name in STATES.items():
        yield (name, str(code), words.state(name), words.element(_element(name, "")))
    yield from ((), (words["states_more"],), ("  [units.metrics.state.codes]",), ('  runing = "execute"',))


def _modes(words: Words) -> Iterator[Row]:
    yield ("", f"packml {words['code']}", f"weihenstephan {words['code']}", "", words["in_execute"])
    codes = [{name: str(code) for code, name in table.items()} for table in (MODES, PROGRAMS)]
    for name in sorted(MODE_NAMES):
        cells = (table.get(name, "-") for table in codes)
        yield (name, *cells, words.both(list_words.MODES[name]), words.element(_element("execute", name)))


def _element(state: str, mode: str) -> str:
    return f"{element_of(state, mode)}_ms"


def _packs(words: Words) -> Iterator[Row]:
    """A pack says what it is for in its first two lines, in English and in Vietnamese."""
    for path in sorted(BUNDLED.glob("*.toml")):
        english, vietnamese = (line.lstrip("# ") for line in path.read_text("utf-8").splitlines()[:2])
        units = read_toml(path, path.name).get("units")
        names = [str(unit.get("name")) for unit in units if isinstance(unit, dict)] if isinstance(units, list) else []
        yield (path.stem, ", ".join(names), words.of(english, vietnamese))


def _qualities(words: Words) -> Iterator[Row]:
    for code, name in enumerate(QUALITIES):
        yield (str(code), words.of(name, list_words.QUALITIES_VI[code]))


def _said(names: Iterable[str], table: Mapping[str, list_words.Both]) -> Callable[[Words], Iterator[Row]]:
    """Names with a sentence each."""
    return lambda words: ((name, words.both(table[name])) for name in names)


LISTS: dict[str, Callable[[Words], Iterator[Row]]] = {
    "states": _states,
    "modes": _modes,
    "roles": _said(get_args(Role), list_words.ROLES),
    "packs": _packs,
    "windows": _said(get_args(Window), list_words.WINDOWS),
    "families": _said(get_args(PayloadFamily), list_words.FAMILIES),
    "units": _said((*DURATION_UNITS, *SIZE_UNITS, "kWh", "m³"), list_words.UNITS),
    "qualities": _qualities,
    "environment": _said(list_words.ENVIRONMENT, list_words.ENVIRONMENT),
    "revision": lambda words: ((line,) for row in list_words.REVISION for line in wrap(words.both(row), WIDTH)),
}
