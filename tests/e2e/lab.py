"""Recorded runs sent into a chain that runs, what its store then has, and the same recomputed plainly."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import polars as pl
import pytest

from pipeline.cli.app import run
from pipeline.core.ledger import FIELDS

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("PARKPULSE_TEST_DATA", ROOT.parent / "shared")) / "anomaly"
SKAB = sorted((DATA / "skab-dev/data").glob("*/*.csv"))
NAB = DATA / "nab-dev/data/realAWSCloudwatch/ec2_cpu_utilization_5f5533.csv"
LATENESS_MS = 2_000
PARK = (
    'levels = ["site", "line", "unit"]\nlanguage = "en"\n[gateway]\nname = "gw"\n'
    '[[brokers]]\nurl = "{url}"\nprotocol = "{protocol}"\n'
)
LONG = '[time]\nmax_age = "30d"\ncorrection_horizon = "30d"\n'
needs_data = pytest.mark.skipif(not SKAB or not NAB.exists(), reason=f"no recorded data in {DATA}: PARKPULSE_TEST_DATA")


@dataclass
class Lab:
    """A running park. `shifts`: line -> ms that were added to its file's times."""

    config: Path
    lines: dict[str, Path] = field(default_factory=dict)
    shifts: dict[str, int] = field(default_factory=dict)
    windows: dict[str, pl.DataFrame] = field(default_factory=dict)

    def replay(self, line: str, file: Path, *more: str) -> str:
        said = io.StringIO()
        with redirect_stdout(said):
            code = run(["replay", str(self.config), str(file), "--line", line, "--unit", "rig", *more])
        assert code == 0
        found = re.search(r"(\d+) rows, (\d+) samples in [\d.]+ s; shift (-?\d+) ms", said.getvalue())
        assert found is not None, said.getvalue()
        self.lines[line], self.shifts[line] = file, int(found[3])
        return said.getvalue()

    def query(self, *words: str) -> pl.DataFrame:
        command = [sys.executable, "-m", "pipeline", "query", str(self.config), *words, "--format", "json"]
        return pl.DataFrame(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))

    def rows(self, what: str, window: str = "") -> pl.DataFrame:
        """Of the store, by the product's own command; `start` in ms."""
        found = self.query(what, *(("--window", window) if window else ()))
        start = pl.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ").dt.epoch("ms").alias("start")
        return found if found.is_empty() else found.with_columns(start)

    def ledger(self) -> dict[str, dict[str, int]]:
        """Line -> field -> sum over the hours of ingest, of which a test may see two."""
        found = self.rows("ledger")
        if found.is_empty():
            return {}
        path = pl.format("{}/{}", "site", "line").alias("path")
        sums = found.group_by(path).agg(pl.col(FIELDS).sum()).filter(pl.col("path").is_in(list(self.lines)))
        return {row.pop("path"): row for row in sums.to_dicts()}

    def metrics(self, window: str) -> pl.DataFrame:
        if window not in self.windows:
            self.windows[window] = self.rows("metrics", window)
        return self.windows[window]

    def samples(self, line: str) -> pl.DataFrame:
        """(name, t, v) of the line's file, in its order."""
        file = self.lines[line]
        table = pl.read_csv(
            file, separator=";" if file in SKAB else ",", try_parse_dates=True, infer_schema_length=None
        )
        stamp, *metrics = table.columns
        table = table.with_columns(pl.col(stamp).dt.epoch("ms") + self.shifts[line], pl.col(metrics).cast(pl.Float64))
        long = table.unpivot(metrics, index=stamp, variable_name="name", value_name="v").drop_nulls()
        return long.select(pl.col("name").str.replace_all(" ", "_"), pl.col(stamp).alias("t"), "v")


@contextmanager
def running(config: Path, make: Callable[[Path], Lab] = Lab) -> Iterator[Lab]:
    """All roles in a process, ready to be sent to; it has to end well."""
    log = config.parent / "run.log"
    command = [sys.executable, "-m", "pipeline", "run", str(config)]
    with log.open("wb") as noise:
        park = subprocess.Popen(command, cwd=config.parent, stdout=noise, stderr=noise)
    try:
        made = make(config)
        await_ready(made, log)
        yield made
    finally:
        park.send_signal(signal.SIGTERM)
        code = park.wait(30)
    assert code == 0, log.read_text()


def await_ready(lab: Lab, log: Path) -> None:
    """What comes before the gateway has subscribed finds nobody: samples are sent until one is in the instruments."""
    probe = lab.config.parent / "probe.csv"
    probe.write_text("t,x\n1600000000,1\n")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        lab.replay("lab/probe", probe, "--fast")
        time.sleep(0.5)
        address = re.search(r"metrics: (http://\S+)", log.read_text())
        if address is not None:
            with urlopen(address[1], timeout=5) as answer:
                if re.search(rb"^parkpulse_samples_total [1-9]", answer.read(), re.MULTILINE):
                    del lab.lines["lab/probe"]
                    return
    pytest.fail(log.read_text())


def await_settled(lab: Lab) -> None:
    """Until the ledger has all and nothing waits, or the time is up: then the tests say what is missing."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        time.sleep(2.0)
        found = lab.ledger()
        done = {line: (row["received"], row["waiting"]) for line, row in found.items()}
        if done == {line: (len(lab.samples(line)), 0) for line in lab.lines}:
            return


def assert_accounted(lab: Lab) -> None:
    """Every sample of every file, once."""
    found = lab.ledger()
    assert set(found) == set(lab.lines)
    for line, row in found.items():
        samples = lab.samples(line)
        assert row["received"] == len(samples)
        assert row["stored"] == samples.n_unique(["name", "t"])
        assert row["duplicate"] + row["conflict"] == len(samples) - row["stored"]
        assert [row[name] for name in ("expired", "rejected", "waiting", "gap", "undated", "corrected")] == [0] * 6


def compare(lab: Lab, line: str, window: str) -> None:
    """All windows that the source's own clock has passed are there; what is there beyond them is right too."""
    width = {"1s": 1_000, "10s": 10_000, "1m": 60_000}[window]
    samples = lab.samples(line)
    closed_at = samples.select(pl.col("t").max() - LATENESS_MS).item()
    expected = plain_windows(samples, width)
    site, name = line.split("/")
    found = lab.metrics(window).filter((pl.col("site") == site) & (pl.col("line") == name) & (pl.col("unit") == "rig"))
    both = expected.join(found, on=["name", "start"], how="full", suffix="_found", coalesce=True)
    assert both.filter(pl.col("count").is_null()).is_empty(), "windows that no sample is in"
    missing = both.filter(pl.col("count_found").is_null())
    assert missing.filter(pl.col("start") + width <= closed_at).is_empty()
    both = both.filter(pl.col("count_found").is_not_null())
    assert len(both) > 0
    assert both.filter((pl.col("start") + width <= closed_at) & (pl.col("revision") > 0)).is_empty()
    for exact in ("count", "min", "max", "last"):
        assert both.filter(pl.col(exact) != pl.col(f"{exact}_found")).is_empty(), exact
    for near in ("mean", "sd"):
        off = (pl.col(near) - pl.col(f"{near}_found")).abs()
        floor = 1e-13 * pl.col("mean").abs()  # the least that doubles can tell
        assert both.filter(off > 1e-9 * pl.col(near).abs() + floor).is_empty(), near


def plain_windows(samples: pl.DataFrame, width: int) -> pl.DataFrame:
    """Of two samples with one name and time the first counts; sd in two passes."""
    once = samples.unique(["name", "t"], keep="first", maintain_order=True)
    once = once.with_columns((pl.col("t") // width * width).alias("start"))
    far = pl.col("v") - pl.col("v").mean()
    return once.group_by("name", "start").agg(
        pl.len().cast(pl.Int64).alias("count"),
        pl.col("v").mean().alias("mean"),
        pl.col("v").min().alias("min"),
        pl.col("v").max().alias("max"),
        pl.col("v").sort_by("t").last().alias("last"),
        (far * far).mean().sqrt().alias("sd"),
    )
