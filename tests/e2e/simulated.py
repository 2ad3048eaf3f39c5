"""A run of `parkpulse simulate` into a chain of processes, and what its plants say must be in the store.

Rule: the plants are grown once more from their seed; what the command wrote of them has to be the same.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import polars as pl

from pipeline.cli.simulate import hours_of
from pipeline.config.read import read_config
from simulators import summary
from simulators.plant import Line, Plant
from tests.bundled import LINES
from tests.e2e.runs import compare
from tests.processes import Processes


class Store(Protocol):
    """What every store, and one who asks InfluxDB himself, can be asked for."""

    def read(
        self, kind: str, equipment: str = "", since_ms: int | None = None, until_ms: int | None = None,
        window_s: int | None = None,
    ) -> pl.DataFrame: ...  # fmt: skip


@dataclass
class Simulated:
    """The bundled lines that `config` declares, sent to its broker for `length_s` of event time; files in `folder`."""

    config: Path
    folder: Path
    length_s: int
    speed: float
    seed: int = 3
    child: subprocess.Popen[str] | None = field(default=None)

    @property
    def seconds(self) -> float:
        """It takes so long on the wall clock."""
        return self.length_s / self.speed

    def start(self) -> None:
        words = ("--for", f"{self.length_s}s", "--speed", str(self.speed), "--seed", str(self.seed))
        files = ("--truth", str(self.folder / "truth"), "--summary", str(self.folder / "sum.json"))
        command = [sys.executable, "-m", "pipeline", "simulate", str(self.config), *words, *files]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def wait(self) -> None:
        assert self.child is not None
        said, _ = self.child.communicate(timeout=self.seconds + 60)
        assert self.child.returncode == 0, said

    @cached_property
    def lines(self) -> list[Line]:
        declared = {line.path for line in read_config(self.config).lines}
        return [line for line in LINES if line.path in declared]

    @cached_property
    def plant(self) -> Plant:
        """The same plant, when all has been sent."""
        begin_ms = pl.read_parquet(self.folder / "truth" / "states.parquet")["from_ms"].min()
        plant = Plant(self.lines, self.seed, begin_ms, hours_of(read_config(self.config)))
        plant.messages(begin_ms, begin_ms + self.length_s * 1000)
        told = json.loads((self.folder / "sum.json").read_text())
        assert told == json.loads(json.dumps(summary.of_plant(plant)))
        return plant

    @property
    def end_ms(self) -> int:
        """Of the last whole 10-s window."""
        return self.plant.now_ms // 10_000 * 10_000

    def await_stored(self, processes: Processes, store: Store) -> None:
        nothing = dict.fromkeys(summary.ledger_totals(store), 0)

        def gap() -> int:
            return summary.samples(nothing, summary.ledger_totals(store), self.plant.sent)["gap"]

        processes.await_that(lambda: gap() == 0, "no gap", 90)
        processes.await_that(self._all_windows(store), "all windows", 90)

    def _all_windows(self, store: Store) -> Callable[[], bool]:
        paths = [line.path for line in self.lines if line.pace_unit]
        last_ms = self.end_ms - summary.WINDOW_MS

        def newest(path: str) -> int:
            return store.read("elements", path, window_s=10)["window_start"].max() or 0

        return lambda: all(newest(path) >= last_ms for path in paths)

    def assert_true(self, store: Store, stalled: bool = False) -> None:
        """What was sent is in the store, and every element is the truth's."""
        counted, expected = summary.ledger_totals(store), dict(self.plant.expected)
        if stalled:  # what waits for the log is written in larger records, in which fewer rows are late
            assert counted["corrected"] <= expected.pop("corrected")
        assert {name: counted[name] for name in expected} == expected
        span = (self.plant.start_ms, self.plant.now_ms)
        assert [wrong for truth in self.plant.truth.values() for wrong in compare(store, truth, span)] == []
