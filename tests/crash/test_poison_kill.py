"""A record that kills the process that works it off, on the embedded log: found by the third start, in its trial."""

import json
import os
import subprocess
import sys
from pathlib import Path

from connectors.memory import MemoryLog
from connectors.sqlite_log import SqliteLog
from pipeline.core.frames import Kind, decode
from pipeline.core.ports import Outgoing
from pipeline.roles.start import TOPICS
from pipeline.roles.worker import SAMPLES
from pipeline.runtime.clock import VirtualClock, monotonic
from tests.faults.record import record
from tests.unit.roles.test_poison import Plant, drained, husked, ledgers, records
from tests.unit.roles.test_worker_groups import published
from tests.unit.steps.logs import T0

DEADLY = Path(__file__).parent / "deadly"
ROOT = Path(__file__).parents[2]


def start(folder):
    """The worker as a process; how it ended."""
    env = os.environ | {"PYTHONPATH": f"{DEADLY}{os.pathsep}{ROOT}"}
    ended = subprocess.run(
        [sys.executable, str(DEADLY / "worker.py"), str(folder)], env=env, capture_output=True, timeout=60, check=False
    )
    return ended.returncode


def everything(folder, topic):
    reader = SqliteLog(folder, VirtualClock(T0)).reader(topic, "")
    found = []
    while some := reader.poll(0.0):
        found += some
    reader.close()
    return found


def test_row_28_a_record_that_kills_the_process_is_skipped_at_the_third_start(tmp_path):
    some, bad = records(2, 2, 1)
    clock = VirtualClock(T0)
    log = SqliteLog(tmp_path, clock)
    log.ensure(dict.fromkeys(TOPICS, 1))
    writer = log.writer()
    for line, value, append_ms in some:
        clock.advance(append_ms)
        writer.write([Outgoing(SAMPLES, line, value)])
        writer.flush()
    assert start(tmp_path) == start(tmp_path) == -11
    assert everything(tmp_path, "rejects.v1") == []
    begin = monotonic()
    assert start(tmp_path) == 0
    seconds = monotonic() - begin
    rejects = everything(tmp_path, "rejects.v1")
    assert [one.value for one in rejects] == [some[k][1] for k in sorted(bad)]
    assert all(b"kills the process" in dict(one.headers)["sentence"] for one in rejects)
    said = [json.loads(f.body) for f in (decode(r.value) for r in everything(tmp_path, SAMPLES)) if f.kind is Kind.SKIP]
    assert [body["offset"] for body in said] == sorted(bad)
    steady = Plant(husked(some, bad))
    drained(steady, steady.worker())
    other = MemoryLog(clock)
    other.topics = {topic: [everything(tmp_path, topic)] for topic in TOPICS}
    assert published(other) == published(steady.log)
    assert ledgers(other) == ledgers(steady.log)
    record(lost=0, duplicate=len(rejects) - len(bad), seconds=round(seconds, 2), tier="T0", seed=2)
