"""Recorded runs through the whole chain: every sample in the ledger, every closed window as recomputed plainly.

The data lie outside the project; where they are missing these tests skip and say so.
"""

import io
import json
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from connectors.services.broker import embedded_broker
from pipeline.cli.app import run
from simulators.replay import MAX_BYTES, Choice, payloads, read_recording
from tests.e2e.lab import LONG, NAB, PARK, SKAB, Lab, assert_accounted, await_settled, compare, needs_data, running

pytestmark = pytest.mark.real


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
        with running(config) as made:
            for number, file in enumerate(SKAB):
                made.replay(f"lab/d{number}", file, "--fast")
                made.replay(f"lab/u{number}", file, "--fast")
            made.replay("lab/nab", NAB, "--fast")
            made.replay("lab/paced", SKAB[0], "--speed", "400")
            await_settled(made)
            yield made


@needs_data
def test_every_sample_is_accounted_for(lab: Lab) -> None:
    assert_accounted(lab)


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
