"""What a KPI is, for people: its descriptor, its elements in words, and an example that its own formula works out.

Rule: no number of an example is written by hand but its elements; an undefined value is said as such.
"""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from pipeline.core.kpi import Kpi
from pipeline.view.explain_words import ELEMENTS, EXAMPLE, KINDS_VI, MINUTE_MS, said

GAP = 2


def kpi_text(kpi: Kpi, language: str) -> str:
    low, high = (said("open", language) if end is None else f"{end:g}" for end in kpi.range)
    rows = {
        "kpi": kpi.id,
        "name": f"{kpi.name_en} / {kpi.name_vi}",
        "formula": sentence(kpi, language),
        "elements": ", ".join(sorted(kpi.needs)),
        "unit": said(kpi.unit, language),
        "range": f"{low} {said('to', language)} {high}",
        "better": said(kpi.better, language),
        "source": said(kpi.source, language),
        "version": str(kpi.version),
    }
    head = _columns([(said(key, language), text) for key, text in rows.items()])
    known = [name for name in ELEMENTS if name in kpi.needs]
    where = _columns([(_symbol(name), ELEMENTS[name][language == "vi"]) for name in known], "  ")
    legend = ["", said("where", language), *where] if where else []
    return "\n".join([*head, *legend, *_example(kpi, language)]) + "\n"


def sentence(kpi: Kpi, language: str) -> str:
    return kpi.description_vi if language == "vi" and kpi.description_vi else kpi.description


def worked(kpi: Kpi, elements: Mapping[str, float]) -> float | None:
    """The formula itself, on one row of elements."""
    row = pl.DataFrame({name: [float(elements[name])] for name in sorted(kpi.needs)})
    value = row.select(kpi.formula.cast(pl.Float64).alias("value"))["value"][0]
    return None if value is None else float(value)


def _example(kpi: Kpi, language: str) -> Iterator[str]:
    if not kpi.needs <= EXAMPLE.keys():
        return
    given = [
        f"{_symbol(name)} {_amount(name, value, language)}" for name, value in EXAMPLE.items() if name in kpi.needs
    ]
    value = worked(kpi, EXAMPLE)
    shown = "-" if value is None else _number(value, "g", language)
    percent = f" ({_number(value * 100, '.1f', language)} %)" if value is not None and kpi.unit == "ratio" else ""
    unit = "" if kpi.unit == "ratio" else f" {kpi.unit}"
    yield from ("", said("example", language), f"  {', '.join(given)}", f"  {kpi.id} = {shown}{unit}{percent}")


def _symbol(element: str) -> str:
    return element.removesuffix("_ms")


def _amount(element: str, value: float, language: str) -> str:
    is_time = element.endswith("_ms")
    return f"{_number(value / MINUTE_MS, 'g', language)} {said('min', language)}" if is_time else f"{value:g}"


def _number(value: float, digits: str, language: str) -> str:
    text = format(value, digits)
    return text.replace(".", ",") if language == "vi" else text


def kinds_text(kinds: Mapping[str, Mapping[str, str]], language: str) -> str:
    """Kinds with their sentences, by group, and how to see one."""
    rows: list[str] = []
    width = max(len(kind) for group in kinds.values() for kind in group)
    for group, sentences in kinds.items():
        known = sentences if language == "en" else {kind: KINDS_VI.get(kind, text) for kind, text in sentences.items()}
        rows += [said(group, language), *_columns(list(known.items()), "  ", width), ""]
    return "\n".join([*rows, said("hint", language)]) + "\n"


def _columns(rows: Sequence[tuple[str, str]], indent: str = "", width: int = 0) -> list[str]:
    width = max([width, *(len(key) for key, _ in rows)])
    return [f"{indent}{key.ljust(width + GAP)}{text}" for key, text in rows]
