"""The tests of the fault rows, by their names: `test_row_18_...`, or `test_row_18_and_row_19_...`."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"(?:^|_)row_(\d{1,2})(?=_|$)")


def rows_of(name: str) -> list[int]:
    """
    >>> rows_of("test_row_18_a_store_away"), rows_of("test_a_narrow_18")
    ([18], [])
    """
    return [int(number) for number in _ROW.findall(name)]


def by_row(folder: Path) -> dict[int, list[str]]:
    """Row -> "tests/.../test_x.py::test_name", in order."""
    found: dict[int, list[str]] = {}
    for name, place in every_test(folder).items():
        for row in rows_of(name):
            found.setdefault(row, []).append(f"{place}::{name}")
    return {row: sorted(names) for row, names in sorted(found.items())}


def every_test(folder: Path) -> dict[str, str]:
    """Every test function -> its file."""
    return {
        node.name: file.relative_to(folder.parent).as_posix()
        for file in sorted(folder.rglob("test_*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
