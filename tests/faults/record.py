"""What a test of a fault row measured, as JSON lines in the folder that PARKPULSE_FAULT_RECORD names; else nowhere.

Rule: a line is an outcome (which plugin.py writes) or figures (which a test writes by `record`), each with its test.
"""

import json
import os
from pathlib import Path

FOLDER = "PARKPULSE_FAULT_RECORD"
Line = dict[str, str | int | float]


def record(*, lost: int, duplicate: int, tier: str, seconds: float | None = None, seed: int = 0) -> None:
    """`duplicate` by identity; `seconds` until all was there again; `tier` T0, T1 or T2: no sockets, small or real."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    took: Line = {} if seconds is None else {"recovery_s": round(seconds, 2)}
    write({"test": test, "seed": seed, "lost": lost, "duplicate": duplicate, "tier": tier, **took})


def write(line: Line) -> None:
    if folder := os.environ.get(FOLDER):
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        with (place / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")


def read(folder: Path) -> list[Line]:
    files = sorted(folder.glob("*.jsonl"), key=lambda file: file.stat().st_mtime)
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
