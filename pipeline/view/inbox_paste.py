"""The lines to paste into the configuration, so that what waits in the inbox is declared.

Rule: pasted as it stands it passes `parkpulse check` and leaves the inbox empty. Where a file is written so that TOML
takes no further table, that is said: every paste is tried on the file's text first.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pipeline.config.sample import toml_value
from pipeline.config.toml import Table, read_toml
from pipeline.view.inbox import UNKNOWN, VALUES
from pipeline.view.inbox_codes import codes_rows
from pipeline.view.inbox_found import Found
from pipeline.view.records import safe
from pipeline.view.state_guess import toml_key
from pipeline.view.words import Words

_UNITS = re.compile(r"\s*\[\[\s*units\s*\]\]")
_OTHER_TABLE = re.compile(r"\s*\[(?!\s*units\s*\.)")
_REMARKS = {"energy": "kwh", "water": "m3"}


@dataclass(frozen=True, slots=True)
class LineText:
    """A file of lines/ as it is: how slips call it, its text, what it says."""

    name: str
    text: str
    raw: Table

    @property
    def units(self) -> list[str]:
        units = self.raw.get("units")
        tables = units if isinstance(units, list) else []
        return [str(unit.get("name", "")) for unit in tables if isinstance(unit, dict)]

    @property
    def rows(self) -> list[str]:
        return self.text.removesuffix("\n").split("\n")


@dataclass(frozen=True, slots=True)
class Paste:
    """`text` goes into `file` after row `after`, 0 = a new file; `by_hand`: TOML takes no table there."""

    file: str
    after: int
    where: str
    text: str
    by_hand: bool = False

    def shown(self) -> str:
        return f"# {self.file}: {self.where}\n{self.text}"


def line_texts(folder: Path) -> dict[str, LineText]:
    """The files of a configuration that passed its checks, by path of the line."""
    found = {}
    for path in sorted((folder / "lines").rglob("*.toml")):
        name = path.relative_to(folder).as_posix()
        raw = read_toml(path, name)
        found[str(raw.get("path"))] = LineText(name, path.read_text("utf-8-sig"), raw)
    return found


def named_pace(files: Mapping[str, LineText]) -> frozenset[str]:
    """Paths of lines whose file names the pace unit."""
    return frozenset(path for path, file in files.items() if file.raw.get("pace_unit"))


def pastes(found: Sequence[Found], files: Mapping[str, LineText], words: Words) -> list[Paste]:
    names = {file.name for file in files.values()}
    out: list[Paste] = []
    for line, of_line in groupby((one for one in found if not one.slip), lambda one: one.line):
        units = {unit: list(of_unit) for unit, of_unit in groupby(of_line, lambda one: one.unit)}
        if line in files:
            out += _into(files[line], units, words)
        else:
            name = _new_name(line, names)
            names.add(name)
            text = f"path = {toml_value(line)}\n" + "".join(f"\n{text}" for text in _new_units(units, words))
            out.append(Paste(name, 0, words["new_file"], text))
    return out


def _into(file: LineText, units: Mapping[str, list[Found]], words: Words) -> Iterator[Paste]:
    """Below each unit of the file what it lacks, of its last unit at the end; then the units that it does not have."""
    rows, own = file.rows, file.units
    heads = [n for n, row in enumerate(rows) if _UNITS.match(row)]
    for unit in sorted(units.keys() & set(own), key=own.index):
        is_last = unit == own[-1]
        for found in _apart(units[unit]):
            text, hand = _metrics(found, words), _hand(unit, found, words)
            if len(heads) != len(own):
                yield Paste(file.name, 0, hand, text, by_hand=True)
                continue
            after = len(rows) if is_last else _end_of(rows, heads[own.index(unit)])
            below = words.said("after_row", after, f'"{safe(unit)}"')
            yield _tried(file, Paste(file.name, after, words["at_end"] if is_last else below, text), hand)
    new = {unit: found for unit, found in units.items() if unit not in own}
    if new:
        paste = Paste(file.name, len(rows), words["at_end"], "\n".join(_new_units(new, words)))
        yield _tried(file, paste, _hand(", ".join(new), (), words))


def _apart(found: Sequence[Found]) -> Iterator[list[Found]]:
    """Metrics to declare go together; the codes of one that is declared by themselves, for they may stand there."""
    if new := [one for one in found if one.kind != UNKNOWN]:
        yield new
    yield from ([one] for one in found if one.kind == UNKNOWN)


def _hand(unit: str, found: Sequence[Found], words: Words) -> str:
    """What is said where TOML takes no such table."""
    if found and found[0].kind == UNKNOWN:
        return words.said("codes_by_hand", safe(found[0].metric), safe(unit))
    return words.said("by_hand", safe(unit))


def pasted(file: LineText, pastes: Sequence[Paste]) -> str:
    """The file's text with these pastes, those at one place in their order."""
    rows, at, out = file.rows, 0, list[str]()
    for paste in sorted(pastes, key=lambda paste: paste.after):
        out += [*rows[at : paste.after], "", *paste.text.split("\n")]
        at = paste.after
    return "\n".join([*out, *rows[at:]]) + "\n"


def _tried(file: LineText, paste: Paste, hand: str) -> Paste:
    try:
        tomllib.loads(pasted(file, [paste]))
    except tomllib.TOMLDecodeError:
        return Paste(file.name, 0, hand, paste.text, by_hand=True)
    return paste


def _end_of(rows: Sequence[str], head: int) -> int:
    """The row after the last one of this unit; blanks and remarks above the next table are the next table's."""
    end = next((n for n in range(head + 1, len(rows)) if _OTHER_TABLE.match(rows[n])), len(rows))
    while end > head + 1 and (not rows[end - 1].strip() or rows[end - 1].lstrip().startswith("#")):
        end -= 1
    return end


def _new_units(units: Mapping[str, list[Found]], words: Words) -> Iterator[str]:
    for unit, found in units.items():
        yield f"[[units]]\nname = {toml_value(unit)}\n{_metrics(found, words)}"


def _metrics(found: Sequence[Found], words: Words) -> str:
    return "\n".join(row for one in found for row in _metric(one, words)) + "\n"


def _metric(found: Found, words: Words) -> Iterator[str]:
    yield f"[units.metrics.{toml_key(found.metric)}{'.codes' if found.kind == UNKNOWN else ''}]"
    yield f"# {safe(_seen(found, words))}"
    if found.kind == UNKNOWN:
        yield from codes_rows(found, words)
        return
    if found.guess is None:
        return
    sure, role = found.guess.sure, found.guess.role
    remark = words["suggestion" if sure else "uncomment_state" if role == "state" else "uncomment"]
    more = f", {words[_REMARKS[role]]}" if role in _REMARKS else ""
    yield f'{"" if sure else "# "}role = "{role}"  # {remark}{more}'
    if role == "state" and found.kind == "number":
        yield '# codes = "packml"'


def _seen(found: Found, words: Words) -> str:
    parts = [words[found.kind]]
    if found.rate is not None:
        parts.append(f"{words.number(found.rate, '.3g')} {words['a_second']}")
    if found.values:
        more = ", …" if len(found.values) > VALUES else ""
        parts.append(", ".join(f'"{value[:40]}"' for value in found.values[:VALUES]) + more)
    elif found.least is not None and found.most is not None and found.kind != "bool":
        parts.append(f"{words.number(found.least, '.12g')} {words['to']} {words.number(found.most, '.12g')}")
    return ", ".join(parts)


def _new_name(line: str, taken: set[str]) -> str:
    """As few of the last levels as no other file is called."""
    levels = line.split("/")
    names = ("-".join(levels[-kept:]) for kept in range(min(2, len(levels)), len(levels) + 1))
    numbered = (f"{'-'.join(levels)}-{n}" for n in range(2, len(taken) + 3))
    free = (f"lines/{name}.toml" for name in (*names, *numbered))
    return next(name for name in free if name.casefold() not in {one.casefold() for one in taken})
