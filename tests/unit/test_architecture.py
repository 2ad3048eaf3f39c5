"""What import contracts cannot see: hidden clocks and IO, loops over rows, files and functions that grew too large."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("pipeline", "connectors", "simulators")
CLOCK = "pipeline/runtime/clock.py"
SHELLS = ("connectors/", "simulators/", "pipeline/cli/", "pipeline/bench/", "pipeline/config/", "pipeline/view/")
MAY_READ_THE_CLOCK = (CLOCK, "pipeline/bench/")  # a benchmark times itself
MAY_OPEN = SHELLS
MAY_PRINT = ("pipeline/cli/", "pipeline/bench/", "pipeline/view/", "simulators/__main__.py")
CLOCK_MODULES = ("time.", "datetime.")
CLOCK_CALLS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep"}
ALWAYS_CLOCK = {"now", "utcnow", "today"}
ROW_LOOPS = {"iter_rows", "map_elements", "to_dicts", "rows", "rows_by_key"}


@dataclass(frozen=True)
class Module:
    path: str
    lines: int
    tree: ast.Module

    @property
    def origins(self) -> dict[str, str]:
        """Local name -> where it was imported from, dotted."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.asname or alias.name: alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return found

    def calls(self) -> Iterator[tuple[str, str]]:
        """Each call as ('file:line', dotted name with imports resolved)."""
        origins = self.origins
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                first, dot, rest = dotted(node.func).partition(".")
                yield f"{self.path}:{node.lineno}", origins.get(first, first) + dot + rest


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a chain of attributes; what is no name (a call, a subscript) becomes `?`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
        case _:
            return "?"


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Module(path.relative_to(ROOT).as_posix(), text.count("\n"), ast.parse(text)))
    return tuple(found)


def reads_a_clock(call: str) -> bool:
    _, _, last = call.rpartition(".")
    return ("." in call and last in ALWAYS_CLOCK) or (call.startswith(CLOCK_MODULES) and last in CLOCK_CALLS)


def calls_outside(allowed: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for module in modules():
        if not module.path.startswith(allowed):
            yield from module.calls()


def test_only_the_clock_module_reads_the_clock() -> None:
    assert [(at, call) for at, call in calls_outside(MAY_READ_THE_CLOCK) if reads_a_clock(call)] == []


def test_files_are_opened_only_in_the_shells() -> None:
    file_calls = {"open", "io.open", "os.open"}
    path_calls = ("read_text", "read_bytes", "write_text", "write_bytes")
    hits = [(at, call) for at, call in calls_outside(MAY_OPEN) if call in file_calls or call.endswith(path_calls)]
    assert hits == []


def test_only_the_command_line_prints() -> None:
    assert [at for at, call in calls_outside(MAY_PRINT) if call == "print"] == []


def test_the_pipeline_never_loops_over_the_rows_of_a_table() -> None:
    hits = [
        (at, call)
        for at, call in calls_outside(("connectors/", "simulators/"))
        if "." in call and call.rpartition(".")[2] in ROW_LOOPS
    ]
    assert hits == []


def test_every_module_says_what_it_is_for() -> None:
    assert [module.path for module in modules() if not (ast.get_docstring(module.tree) or "").strip()] == []


def test_files_stay_small() -> None:
    sizes = {module.path: module.lines for module in modules() if not module.path.endswith("__init__.py")}
    assert {path: lines for path, lines in sizes.items() if lines > 400} == {}
    assert median(sizes.values()) <= 100


def test_at_most_five_functions_are_longer_than_forty_lines() -> None:
    sizes = {
        f"{module.path}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    long = {name: lines for name, lines in sizes.items() if lines > 40}
    assert len(long) <= 5, long


def test_no_check_is_switched_off_by_a_comment() -> None:
    switches = ("# " + "noqa", "# type: " + "ignore")
    texts = {module.path: (ROOT / module.path).read_text(encoding="utf-8") for module in modules()}
    assert [path for path, text in texts.items() if any(switch in text for switch in switches)] == []


def test_no_module_shadows_its_purpose_with_a_catch_all_name() -> None:
    banned = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc"}
    assert [module.path for module in modules() if banned & {*Path(module.path).with_suffix("").parts}] == []


def test_the_import_contracts_hold() -> None:
    if find_spec("importlinter") is None:
        pytest.skip("import-linter is not installed: .venv/bin/pip install -e '.[check]'")
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def probe(source: str) -> list[str]:
    return [call for _, call in Module("probe.py", 1, ast.parse(source)).calls()]


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(1)",
        "import time as t\nt.monotonic()",
        "from time import perf_counter as p\np()",
        "from datetime import datetime\ndatetime.now()",
        "import datetime as d\nd.date.today()",
        "stamp.utcnow()",
    ],
)
def test_a_hidden_clock_is_found(source: str) -> None:
    assert any(reads_a_clock(call) for call in probe(source))


@pytest.mark.parametrize(
    "source", ["clock.now_ms()", "table['t'].dt.time()", "from x.clock import monotonic\nmonotonic()"]
)
def test_a_clock_that_was_handed_in_is_no_hidden_clock(source: str) -> None:
    assert not any(reads_a_clock(call) for call in probe(source))
