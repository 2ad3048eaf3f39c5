"""`docs/reliability.md`, made of the promises, the rows, the tests that bear their numbers, and what was measured.

`python -m tests.faults.report [FOLDER]`: the newest outcome and figures of each test are kept in `reliability.json`;
those of FOLDER (see record.py) are taken into it first. The same files make the same document.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.faults.found import ROOT, by_row, every_test
from tests.faults.record import Line, read
from tests.faults.rows import PROMISES, ROWS

DOCUMENT = ROOT / "docs" / "reliability.md"
Measured = dict[str, Line]
"""By test, with its parameters."""
INTRO = """# Reliability

What ParkPulse promises, the tests that hold each promise, and what was done to it to see. `make faults` runs the tests
of the rows and writes this document; figures stand in `reliability.json`. The DLQ is `rejects.v1`. A row may be tried
in parts: its criterion is that of the whole row, and how far a test goes is said in its name and text. "Twice" is by
identity in the store, in rows 1 to 5 and 41 rows of the log that came again (allowed, and dropped by the worker);
"seconds" until all was there again. Tiers: T0 without sockets, T1 with small services, T2 with the real ones.
"""


def merged(before: Mapping[str, Line], lines: Sequence[Line]) -> Measured:
    """Of a test that was run again nothing of before is kept; its figures and its outcome are one."""
    again = {str(line["test"]) for line in lines}
    found = {test: line for test, line in before.items() if test not in again}
    for line in lines:
        test = str(line["test"])
        found[test] = {**found.get(test, {}), **{name: value for name, value in line.items() if name != "test"}}
    return dict(sorted(found.items()))


def document(measured: Mapping[str, Line], rows: Mapping[int, Sequence[str]], places: Mapping[str, str]) -> str:
    return "\n".join([INTRO, *_promises(places), *_rows(measured, rows), ""])


def _promises(places: Mapping[str, str]) -> Iterator[str]:
    yield "## Promises\n"
    for number, promise in enumerate(PROMISES, 1):
        yield f"{number}. {promise.text}"
        for name in promise.tests:
            yield f"   - `{places.get(name, 'no test yet')}::{name}`"
    yield ""


def _rows(measured: Mapping[str, Line], rows: Mapping[int, Sequence[str]]) -> Iterator[str]:
    yield "## Faults and attacks\n"
    yield "| # | what is done | passes if | tests | lost | twice | seconds | tier | how it went |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for number, row in ROWS.items():
        names = rows.get(number, ())
        told = "<br>".join(f"`{name.removeprefix('tests/')}`" for name in names) or "no test yet"
        own = [line for test, line in measured.items() if test.partition("[")[0] in names]
        yield f"| {number} | {row.done} | {row.criterion} | {told} | {' | '.join(_figures(own))} |"


def _figures(own: Sequence[Line]) -> tuple[str, ...]:
    """Sums of what was lost and doubled, the longest recovery; "-" where no test says it."""
    tiers = sorted({str(line["tier"]) for line in own if "tier" in line})
    lost, twice, seconds = (
        [line[name] for line in own if name in line] for name in ("lost", "duplicate", "recovery_s")
    )
    outcomes = [str(line.get("outcome", "")) for line in own]
    went = [f"{outcomes.count(word)} {word}" for word in ("passed", "failed", "skipped") if word in outcomes]
    return (
        str(sum(map(int, lost))) if lost else "-",
        str(sum(map(int, twice))) if twice else "-",
        f"{max(map(float, seconds)):.1f}" if seconds else "-",
        ", ".join(tiers) or "-",
        ", ".join(went) or "not run",
    )


def main(arguments: Sequence[str]) -> None:
    kept = DOCUMENT.with_suffix(".json")
    measured: Measured = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    for folder in arguments:
        measured = merged(measured, read(Path(folder)))
    kept.write_text(json.dumps(measured, indent=1) + "\n", "utf-8")
    DOCUMENT.write_text(document(measured, by_row(ROOT / "tests"), every_test(ROOT / "tests")), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
