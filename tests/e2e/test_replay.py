"""Recorded runs through the whole chain: every sample in the ledger, every closed window as recomputed plainly.

The data lie outside the project; where they are missing these tests skip and say so.
"""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import polars as pl
import pytest

from connectors.services.broker import embedded_broker
from pipeline.cli.app import run
from simulators.replay import MAX_BYTES, Choice, payloads, read_recording

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

pytestmark = pytest.mark.real
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

    def ledger(self) -> dict[str, dict[str, int]]:
        """Line -> field -> sum over the hours of ingest, of which a test may see two."""
        found = self.query("ledger")
        if found.is_empty():
            return {}
        path = pl.format("{}/{}", "site", "line").alias("path")
        sums = found.group_by(path).agg(pl.col(pl.Int64).sum()).filter(pl.col("path").is_in(list(self.lines)))
        return {row.pop("path"): row for row in sums.to_dicts()}

    def metrics(self, window: str) -> pl.DataFrame:
        if window not in self.windows:
            self.windows[window] = self.query("metrics", "--window", window)
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


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """All runs into one park at once: each as a declared line and as one that nobody declared."""
    folder = tmp_path_factory.mktemp("lab")
    config = folder / "config"
    (config / "lines").mkdir(parents=True)
    with embedded_broker(folder / "broker") as broker:
        (config / "park.toml").write_text(PARK.format(url=broker.url, protocol=broker.protocol))
        for number in range(len(SKAB)):
            (config / f"lines/{number}.toml").write_text(f'path = "lab/d{number}"\nwindows = ["1s", "10s", "1m"]\n')
        (config / "lines/nab.toml").write_text(f'path = "lab/nab"\n{LONG}')
        with (folder / "run.log").open("wb") as noise:
            park = subprocess.Popen(
                [sys.executable, "-m", "pipeline", "run", str(config)], cwd=folder, stdout=noise, stderr=noise
            )
        try:
            made = Lab(config)
            await_ready(made, folder / "run.log")
            for number, file in enumerate(SKAB):
                made.replay(f"lab/d{number}", file, "--fast")
                made.replay(f"lab/u{number}", file, "--fast")
            made.replay("lab/nab", NAB, "--fast")
            made.replay("lab/paced", SKAB[0], "--speed", "400")
            await_settled(made)
            yield made
        finally:
            park.send_signal(signal.SIGTERM)
            code = park.wait(30)
        assert code == 0, (folder / "run.log").read_text()


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


@needs_data
def test_every_sample_is_accounted_for(lab: Lab) -> None:
    found = lab.ledger()
    assert set(found) == set(lab.lines)
    for line, row in found.items():
        samples = lab.samples(line)
        assert row["received"] == len(samples)
        assert row["stored"] == samples.n_unique(["name", "t"])
        assert row["duplicate"] + row["conflict"] == len(samples) - row["stored"]
        assert [row[name] for name in ("expired", "rejected", "waiting", "gap", "undated", "corrected")] == [0] * 6


@needs_data
@pytest.mark.parametrize("window", ["1s", "10s", "1m"])
def test_windows_of_declared_lines_equal_a_plain_recomputation(lab: Lab, window: str) -> None:
    for number in range(len(SKAB)):
        compare(lab, f"lab/d{number}", window)


@needs_data
@pytest.mark.parametrize("window", ["10s", "1m"])
def test_windows_of_lines_that_nobody_declared_equal_a_plain_recomputation(lab: Lab, window: str) -> None:
    for number in range(len(SKAB)):
        compare(lab, f"lab/u{number}", window)


@needs_data
def test_windows_of_a_paced_replay_equal_a_plain_recomputation(lab: Lab) -> None:
    compare(lab, "lab/paced", "10s")


@needs_data
@pytest.mark.parametrize("window", ["10s", "1m"])
def test_windows_of_two_weeks_of_five_minute_data_equal_a_plain_recomputation(lab: Lab, window: str) -> None:
    compare(lab, "lab/nab", window)


def compare(lab: Lab, line: str, window: str) -> None:
    """All windows that the source's own clock has passed are there; what is there beyond them is right too."""
    width = {"1s": 1_000, "10s": 10_000, "1m": 60_000}[window]
    samples = lab.samples(line)
    closed_at = samples.select(pl.col("t").max() - LATENESS_MS).item()
    expected = plain_windows(samples, width)
    site, name = line.split("/")
    found = lab.metrics(window).filter((pl.col("site") == site) & (pl.col("line") == name) & (pl.col("unit") == "rig"))
    found = found.with_columns(pl.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ").dt.epoch("ms").alias("start"))
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


def slip(config: Path, *words: str) -> str:
    """What a command line that is wrong says, and nothing else is said."""
    said, complaint = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(complaint):
        assert run(["replay", str(config), *words]) == 2
    assert said.getvalue() == ""
    (sentence,) = complaint.getvalue().splitlines()
    return sentence


def test_what_is_wrong_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "park.toml").write_text(PARK.format(url="mqtt://127.0.0.1:1", protocol="5"))
    file = tmp_path / "run.csv"
    file.write_text("time,speed\n2020-02-08 16:06:48,1.5\n2020-02-08 16:06:49,x\n")
    good = (str(file), "--line", "lab/rig")
    assert "no-such.csv" in slip(tmp_path, "no-such.csv", "--line", "lab/rig")
    assert "expected site/line" in slip(tmp_path, str(file), "--line", "rig")
    assert "did you mean 'speed'" in slip(tmp_path, *good, "--columns", "sped")
    assert "unknown column 'when'" in slip(tmp_path, *good, "--time", "when")
    assert "--tz" in slip(tmp_path, *good, "--tz", "Mars/Base")
    assert "--speed" in slip(tmp_path, *good, "--speed", "0")
    assert re.search(r'set max_age = "\d+d"', slip(tmp_path, *good, "--keep-time"))


def test_a_broker_that_is_away_is_a_failure_and_no_slip(tmp_path: Path) -> None:
    (tmp_path / "park.toml").write_text(PARK.format(url="mqtt://127.0.0.1:1", protocol="5"))
    (tmp_path / "run.csv").write_text("time,speed\n2020-02-08 16:06:48,1.5\n")
    assert run(["replay", str(tmp_path), str(tmp_path / "run.csv"), "--line", "lab/rig"]) == 1


def test_a_table_with_semicolons_and_decimal_commas_is_read_in_the_zone_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Motor current [A];when;note\n1,5;08.02.2020 16:06:48;\n;08.02.2020 16:06:49;hi\n")
    (only,) = payloads(read_recording([tmp_path / "a.csv"], Choice(zone="Asia/Ho_Chi_Minh")), 0)
    t = 1_581_152_808_000
    assert json.loads(only.body) == [
        {"t": t, "m": "Motor_current_A_", "v": 1.5},
        {"t": t + 1000, "m": "note", "v": "hi"},
    ]


def test_files_lie_end_to_end_one_sampling_period_apart_and_no_number_changes(tmp_path: Path) -> None:
    for name, begin in (("a", 1_000_000_000), ("b", 900_000_000)):
        rows = "".join(f"{begin + 5 * i},{0.1 + 0.2 * i!r},true\n" for i in range(3))
        (tmp_path / f"{name}.csv").write_text("t,row,on\n" + rows)
    recording = read_recording([tmp_path / "a.csv", tmp_path / "b.csv"], Choice(columns=("row",)))
    sent = [sample for payload in payloads(recording, 0, 1) for sample in json.loads(payload.body)]
    assert [sample["t"] for sample in sent] == [1_000_000_000_000 + 5_000 * i for i in range(6)]
    assert [sample["v"] for sample in sent] == [0.1 + 0.2 * i for i in range(3)] * 2


def test_payloads_stay_small_and_tear_no_row(tmp_path: Path) -> None:
    rows = "".join(f"{1_000_000_000 + i},{i},{i * 1.5}\n" for i in range(5_000))
    (tmp_path / "a.csv").write_text("t,x,y\n" + rows)
    sent = list(payloads(read_recording([tmp_path / "a.csv"], Choice()), 0))
    bodies = [json.loads(payload.body) for payload in sent]
    assert len(sent) > 1
    assert max(len(payload.body) for payload in sent) < MAX_BYTES + 1_000
    assert [sample["v"] for body in bodies for sample in body if sample["m"] == "x"] == list(range(5_000))
    for payload, body in zip(sent, bodies, strict=True):
        assert len(body) == payload.samples == 2 * payload.rows
        assert {sample["t"] for sample in body if sample["m"] == "x"} == {sample["t"] for sample in body}
        assert payload.us == 1000 * max(sample["t"] for sample in body)


def test_samples_finer_than_a_millisecond_keep_their_order(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t,x\n2020-02-08T16:06:48.000250Z,1\n2020-02-08T16:06:48.000500Z,2\n")
    (only,) = payloads(read_recording([tmp_path / "a.csv"], Choice()), 0)
    assert [(sample["t"], sample["s"]) for sample in json.loads(only.body)] == [
        (1_581_178_008_000, n) for n in (250, 500)
    ]
