"""`parkpulse simulate` against roles on the wall clock: what it says was sent arrives, and equals its truth."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack

import polars as pl
import pytest

from connectors.local_store import LocalStore
from connectors.services.broker import embedded_broker
from pipeline.cli.app import run
from pipeline.roles.start import ROLES, Park, open_log, started
from pipeline.runtime.clock import WallClock
from simulators import summary
from simulators.demo import prepare
from simulators.plant import Plant
from tests.bundled import LINES
from tests.e2e.runs import compare

LENGTH_S, SEED = 40, 3

pytestmark = pytest.mark.real


def test_a_simulated_run_arrives_whole_and_equals_its_truth(tmp_path):
    with ExitStack() as stack:
        broker = stack.enter_context(embedded_broker(tmp_path / "broker"))
        config = prepare(tmp_path, broker, "en")
        park = Park(config, WallClock(), open_log(config, WallClock()))
        started(stack, park, ROLES)
        await_true(lambda: not park.lacks())
        words = ("--for", f"{LENGTH_S}s", "--speed", "8", "--seed", str(SEED))
        files = ("--truth", str(tmp_path / "truth"), "--summary", str(tmp_path / "sum.json"))
        said = subprocess.run(
            [sys.executable, "-m", "pipeline", "simulate", str(tmp_path / "config"), *words, *files],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        told = json.loads((tmp_path / "sum.json").read_text())
        assert f"{told['samples']['sent']} samples sent" in said.stdout
        begin_ms = pl.read_parquet(tmp_path / "truth" / "states.parquet")["from_ms"].min()
        plant = Plant(LINES, SEED, begin_ms)
        plant.messages(begin_ms, begin_ms + LENGTH_S * 1000)
        assert told == json.loads(json.dumps(summary.of_plant(plant)))
        store = LocalStore(config.data_dir / "store.sqlite")
        await_true(lambda: summary.samples(nothing(store), summary.ledger_totals(store), plant.sent)["gap"] == 0)
        last_ms = (begin_ms // 10_000 + LENGTH_S // 10 - 1) * 10_000
        await_true(lambda: all(newest(store, line.path) >= last_ms for line in LINES if line.pace_unit))
        counted = summary.ledger_totals(store)
        assert {name: counted[name] for name in told["expected"]} == told["expected"]
        span = (begin_ms, plant.now_ms)
        assert [wrong for truth in plant.truth.values() for wrong in compare(store, truth, span)] == []


@pytest.mark.parametrize(
    "words, said",
    [
        (["--fast"], "--fast needs an end"),
        (["--speed", "10"], "--speed: got 10; it needs an end"),
        (["--speed", "0", "--for", "1m"], "--speed: got 0"),
        (["--for", "soon"], "--for: unreadable amount; got 'soon'"),
        (["--for", "0s"], "--for: got '0s'"),
        (["--for", "30d", "--fast"], "would be rejected for their age"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_sent(tmp_path, capsys, words, said):
    (tmp_path / "park.toml").write_text('language = "en"\n[[brokers]]\nurl = "mqtt://127.0.0.1:1"\n')
    assert run(["simulate", str(tmp_path), *words]) == 2
    assert said in capsys.readouterr().err


def test_lines_that_the_gateway_would_not_read_are_left_out_and_said(tmp_path):
    broker = '[[brokers]]\nurl = "mqtt://127.0.0.1:1"\nfamilies = ["own"]\n'
    (tmp_path / "park.toml").write_text(f'language = "en"\n{broker}')
    command = [sys.executable, "-m", "pipeline", "simulate", str(tmp_path), "--for", "1s"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 1
    assert "orion-style/confectionery/baking/line-1: the gateway of this configuration does not read it" in said.stderr
    assert "vinamilk-style/dairy/filling/line-1: 1 unit, by own" in said.stdout


def nothing(store):
    return dict.fromkeys(summary.ledger_totals(store), 0)


def newest(store, path):
    return store.read("elements", path, window_s=10)["window_start"].max() or 0


def await_true(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.2)
