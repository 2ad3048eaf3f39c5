"""`docs/performance.md`: what was measured, beside its goals, made of the JSON beside it and of notes written by hand.

Rules: figures stand in the JSON alone, each bench with the day, the machine and the versions of its run; the notes
(`performance-notes.md`) are taken as they are. The same files make the same document and the same plot.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.bench.catalogue import BENCHES, Goal
from pipeline.bench.plot import growth_plot
from pipeline.bench.table import COLUMNS, Row, cells, figure, machine

PACKAGES = ("parkpulse", "numpy", "polars", "msgspec", "paho-mqtt", "aiokafka", "influxdb-client")
Runs = dict[str, dict[str, object]]
INTRO = """# Performance

Every figure was measured by the command that stands with it, against a baseline of the same run, and only after the
results behind it were found right: no sample lost, no window wrong. Value, least and greatest are those of the rounds;
a ratio is the median of the rounds' ratios. All of it again, in about twelve minutes: `make bench`; into this document:
`parkpulse bench [NAME] --doc docs/performance.md`, which makes it of `performance.json` and `performance-notes.md`.
"""


def write_document(path: Path, found: Mapping[str, Sequence[Row]]) -> None:
    """Takes these into the JSON beside the document, and makes document and plot anew."""
    store = path.with_suffix(".json")
    runs = read_runs(store)
    runs |= {name: described(rows) for name, rows in found.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    store.write_text(json.dumps(runs, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    path.write_text(document(runs, notes_of(path)), encoding="utf-8")
    path.with_name("growth.svg").write_text(growth_plot(rows_of(runs, "growth")), encoding="utf-8")


def read_runs(store: Path) -> Runs:
    runs: Runs = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
    return runs


def notes_of(path: Path) -> str:
    notes = path.with_name(f"{path.stem}-notes.md")
    return notes.read_text(encoding="utf-8") if notes.exists() else "Nothing yet.\n"


def described(rows: Sequence[Row]) -> dict[str, object]:
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    versions = {name: found for name in PACKAGES if (found := _version(name))}
    return {"day": day, "machine": machine(), "versions": versions, "rows": [asdict(one) for one in rows]}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def rows_of(runs: Runs, name: str) -> list[Row]:
    found = runs.get(name, {}).get("rows", [])
    return [Row(**one) for one in found] if isinstance(found, list) else []


def document(runs: Runs, notes: str) -> str:
    parts = [INTRO, *(_section(name, runs) for name in BENCHES), f"## What was tried and did not pay\n\n{notes}"]
    return "\n".join(parts)


def _section(name: str, runs: Runs) -> str:
    bench, rows = BENCHES[name], rows_of(runs, name)
    text = [f"## `{name}`", "", f"{bench.measures}. Baseline: {bench.baseline}. `parkpulse bench {name}`", ""]
    if not rows:
        return "\n".join([*text, "Not measured yet.", ""])
    text += _table(("", *COLUMNS[1:]), [cells(one) for one in rows])
    if bench.goals:
        text += ["", *_table(("goal", "measured", ""), [_judged(goal, rows) for goal in bench.goals])]
    if name == "growth":
        text += ["", "![CPU and memory by number of series](growth.svg)"]
    run = runs[name]
    versions = run["versions"] if isinstance(run["versions"], dict) else {}
    told = ", ".join(f"{package} {number}" for package, number in versions.items())
    return "\n".join([*text, "", f"{run['day']}; {run['machine']}; {told}.", ""])


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for cells_ in rows:
        yield f"| {' | '.join(cells_)} |"


def _judged(goal: Goal, rows: Sequence[Row]) -> tuple[str, str, str]:
    row = next((one for one in rows if one.case == goal.case), None)
    found = None if row is None else row.ratio if goal.of == "ratio" else row.value
    unit = "× the baseline" if goal.of == "ratio" else row.unit if row else ""
    said = f"{goal.case}: {'at most' if goal.at_most else 'at least'} {figure(goal.number)} {unit}".rstrip()
    if found is None:
        return said, "-", "not measured"
    met = found <= goal.number if goal.at_most else found >= goal.number
    return said, figure(found), "met" if met else "missed"
