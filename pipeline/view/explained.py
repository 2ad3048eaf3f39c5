"""What a KPI is, for people: its descriptor, its elements in words, and an example that its own formula works out.

Rule: no number of an example is written by hand but its elements; an undefined value is said as such.
"""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from pipeline.core.kpi import Kpi
from pipeline.view.explain_words import ELEMENTS, EXAMPLE, KINDS_VI, MINUTE_MS
from pipeline.view.words import Words

GAP = 2


def kpi_text(kpi: Kpi, words: Words) -> str:
    low, high = (words["open"] if end is None else words.number(end) for end in kpi.range)
    rows = {
        "kpi": kpi.id,
        "name": f"{kpi.name_en} / {kpi.name_vi}",
        "formula": sentence(kpi, words),
        "elements": ", ".join(sorted(kpi.needs)),
        "unit": words.known(kpi.unit),
        "range": f"{low} {words['to']} {high}",
        "better": words[kpi.better],
        "source": words.known(kpi.source),
        "version": str(kpi.version),
    }
    head = _columns([(words[key], text) for key, text in rows.items()])
    known = [name for name in ELEMENTS if name in kpi.needs]
    where = _columns([(_symbol(name), words.element(name)) for name in known], "  ")
    legend = ["", words["where"], *where] if where else []
    return "\n".join([*head, *legend, *_example(kpi, words)]) + "\n"


def sentence(kpi: Kpi, words: Words) -> str:
    return words.of(kpi.description, kpi.description_vi)


def worked(kpi: Kpi, elements: Mapping[str, float]) -> float | None:
    """The formula itself, on one row of elements."""
    row = pl.DataFrame({name: [float(elements[name])] for name in sorted(kpi.needs)})
    value = row.select(kpi.formula.cast(pl.Float64).alias("value"))["value"][0]
    return None if value is None else float(value)


def _example(kpi: Kpi, words: Words) -> Iterator[str]:
    if not kpi.needs <= EXAMPLE.keys():
        return
    given = [f"{_symbol(name)} {_amount(name, value, words)}" for name, value in EXAMPLE.items() if name in kpi.needs]
    value = worked(kpi, EXAMPLE)
    shown = "-" if value is None else words.number(value)
    percent = f" ({words.decimal(value * 100, 1)} %)" if value is not None and kpi.unit == "ratio" else ""
    unit = "" if kpi.unit == "ratio" else f" {kpi.unit}"
    yield from ("", words["example"], f"  {', '.join(given)}", f"  {kpi.id} = {shown}{unit}{percent}")


def _symbol(element: str) -> str:
    return element.removesuffix("_ms")


def _amount(element: str, value: float, words: Words) -> str:
    is_time = element.endswith("_ms")
    return f"{words.number(value / MINUTE_MS)} {words['min']}" if is_time else words.number(value)


def kinds_text(kinds: Mapping[str, Mapping[str, str]], words: Words) -> str:
    """Kinds with their sentences, by group, and how to see one."""
    rows: list[str] = []
    width = max(len(kind) for group in kinds.values() for kind in group)
    for group, sentences in kinds.items():
        known = {kind: words.of(text, KINDS_VI.get(kind, "")) for kind, text in sentences.items()}
        rows += [words[group], *_columns(list(known.items()), "  ", width), ""]
    return "\n".join([*rows, words["hint"]]) + "\n"


def _columns(rows: Sequence[tuple[str, str]], indent: str = "", width: int = 0) -> list[str]:
    width = max([width, *(len(key) for key, _ in rows)])
    return [f"{indent}{key.ljust(width + GAP)}{text}" for key, text in rows]
