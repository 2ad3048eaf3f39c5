"""The historian while InfluxDB is away, silent, busy, refuses us or is killed: one line that says so, nothing lost."""

import os
import random
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.codecs import results_json
from connectors.influx.fake import FakeInflux
from connectors.influx.fake_points import Bucket
from connectors.influx.settings import InfluxSettings
from connectors.influx.store import InfluxStore
from connectors.memory import MemoryLog
from connectors.services.cache import cache_folder
from connectors.services.catalogue import CATALOGUE
from connectors.services.influxdb import PASSWORD, READER, WRITER, furnish
from connectors.services.obtain import Means, NotHad
from connectors.services.ready import listens
from connectors.services.run_folder import free_port
from connectors.services.service import template_of
from connectors.services.up import obtain
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Outgoing
from pipeline.core.results import Result
from pipeline.roles.historian import Historian
from pipeline.runtime.clock import VirtualClock, WallClock
from pipeline.runtime.instruments import Instruments
from tests.faults.record import record

pytestmark = pytest.mark.real
LEVELS = ("site", "line", "unit")
T0 = 1_780_000_000_000
SERVICE = next(service for service in CATALOGUE if service.name == "influxdb")


def results(first: int, count: int, apart_s: int = 10) -> list[Result]:
    return [
        Result("metric", "s/l/u", f"m{k % 10}", 10, T0 + k * apart_s * 1000, None, 0, {"count": k, "mean": k / 4}, 1.0)
        for k in range(first, first + count)
    ]


class Chain:
    """A log with results in it, and the historian that stores them."""

    def __init__(self, settings: InfluxSettings) -> None:
        self.log = MemoryLog(VirtualClock(T0))
        self.log.ensure({"results.v1": 1, "alerts.v1": 1, "rejects.v1": 1})
        self.store = InfluxStore(settings, LEVELS)
        self.historian = Historian(self.log, self.store, Instruments())

    def publish(self, found: list[Result]) -> None:
        writer = self.log.writer()
        writer.write([Outgoing("results.v1", b"s/l", results_json.encode(found))])
        writer.flush()

    def refused(self) -> tuple[str, int]:
        """What is said while the store does not take a batch, the same each time; and what is committed."""
        said = set()
        for _ in range(3):
            with pytest.raises(Unavailable) as why:
                self.historian.turn(0.0)
            said.add(str(why.value))
        (text,) = said
        return text, self.historian.taken("results.v1")

    def counts(self) -> list[int]:
        return self.store.read("metric")["count"].to_list()


def test_row_18_a_store_that_is_away_stops_no_start_and_loses_nothing() -> None:
    port = free_port(set())
    fake = FakeInflux(WallClock(), buckets={"parkpulse": Bucket()}, port=port)
    chain = Chain(InfluxSettings(f"http://127.0.0.1:{port}", api="v2"))
    chain.publish(results(0, 5))
    said = f"store: http://127.0.0.1:{port}: nothing answers there; start InfluxDB, or correct store.url"
    assert chain.refused() == (said, 0)
    chain.publish(results(5, 5))
    with fake.serving():
        chain.historian.turn(0.0)
        chain.historian.turn(0.0)
        assert chain.counts() == list(range(10))
    assert chain.historian.taken("results.v1") == 2


def test_row_18_a_store_that_gives_no_answer_is_given_up_in_time_and_asked_again() -> None:
    fake = FakeInflux(WallClock(), buckets={"parkpulse": Bucket()})
    with fake.serving():
        chain = Chain(InfluxSettings(fake.url, api="v2", answer_ms=1_000))
        chain.publish(results(0, 5))
        fake.silent.set()
        assert chain.refused() == (f"store: {fake.url}: no answer in 1 s", 0)
        fake.silent.clear()
        chain.historian.turn(0.0)
        assert chain.counts() == list(range(5))


def test_row_18_a_store_that_is_busy_for_a_while_gets_everything_in_the_end() -> None:
    fake = FakeInflux(WallClock(), buckets={"parkpulse": Bucket()}, busy=[(500, ""), (503, ""), (429, "1")])
    with fake.serving():
        chain = Chain(InfluxSettings(fake.url, api="v2"))
        chain.publish(results(0, 5))
        until = time.monotonic() + 20
        while chain.historian.taken("results.v1") < 1 and time.monotonic() < until:
            try:
                chain.historian.turn(0.0)
            except Unavailable as wait:
                WallClock().wait(wait.retry_after)
        assert fake.writes == 4
        assert chain.counts() == list(range(5))


def test_row_18_a_store_that_asked_for_time_is_asked_nothing_meanwhile() -> None:
    """Not even what lies there already: a bucket that is gone by then is not noticed."""
    fake = FakeInflux(WallClock(), buckets={"parkpulse": Bucket()}, busy=[(503, "30")])
    with fake.serving():
        chain = Chain(InfluxSettings(fake.url, api="v2"))
        chain.publish([replace(r, revision=3) for r in results(0, 5)])
        with pytest.raises(Unavailable):
            chain.historian.turn(0.0)
        fake.buckets.clear()
        assert chain.refused() == (f"store: {fake.url}: busy; got 503; it goes on by itself", 0)


@contextmanager
def own_influxd(
    folder: Path, port: int, auth: bool, certificate: tuple[Path, Path] | None = None, most_bytes: int = 25_000_000
) -> Iterator[subprocess.Popen[bytes]]:
    """A real 1.8 in this folder; a skip with the reason where it can't be had."""
    try:
        program = obtain(SERVICE, Means(cache_folder(os.environ), lambda text, passing=False: None))
    except NotHad as reason:
        if os.environ.get("SERVICES") == "required":
            pytest.fail(f"influxdb: {reason}")
        pytest.skip(f"influxdb: {reason}")
    text = template_of("influxdb.conf").substitute(
        host="127.0.0.1", folder=folder, client=port, backup=free_port({port})
    )
    config = folder / "influxdb.conf"
    tls = 'https-enabled = true\nhttps-certificate = "{}"\nhttps-private-key = "{}"\n'.format(*certificate or ("", ""))
    bound = f"max-body-size = {most_bytes}"
    own = f"{tls if certificate else ''}{bound}\nauth-enabled = {str(auth).lower()}"
    config.write_text(text.replace("auth-enabled = false", own))
    with (folder / "log").open("ab") as noise:
        child = subprocess.Popen([*program.command, "run", "-config", str(config)], stdout=noise, stderr=noise)
    try:
        until = time.monotonic() + 20
        serves = (lambda: listens(port)) if certificate else (lambda: SERVICE.serves({"client": port}, 1))
        while not serves() and time.monotonic() < until:
            time.sleep(0.02)
        yield child
    finally:
        child.kill()
        child.wait()


def test_a_wrong_password_is_one_line_and_a_right_one_is_let_in(tmp_path: Path) -> None:
    port = free_port(set())
    with own_influxd(tmp_path, port, auth=True):
        furnish(port)
        furnish(port)
        right = InfluxSettings(f"http://127.0.0.1:{port}", username=WRITER, secret=PASSWORD)
        wrong = Chain(replace(right, secret="secret"))
        wrong.publish(results(0, 5))
        assert wrong.refused() == (
            f"store: {right.url}: user 'parkpulse_write' was refused; got 401 'authorization failed'; "
            "correct it in [store], or grant it all of database 'parkpulse'",
            0,
        )
        chain = Chain(right)
        chain.publish(results(0, 5))
        chain.publish([replace(results(0, 1)[0], revision=3, values={"count": 7})])
        chain.historian.turn(0.0)
        assert chain.counts() == [7, 1, 2, 3, 4]
        token = InfluxStore(replace(right, api="v2"), LEVELS)
        assert token.write(results(5, 1), []) == []
        reader = InfluxStore(replace(right, username=READER), LEVELS)
        assert reader.read("metric").height == 6
        with pytest.raises(Unavailable, match=r"user 'parkpulse_read' was refused; got 403 .*not authorized"):
            reader.write(results(6, 1), [])


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.faults) for n in range(2, 8))])
def test_row_19_what_was_taken_is_there_after_a_kill_and_sending_it_again_adds_nothing(
    tmp_path: Path, seed: int
) -> None:
    """Two minutes apart, for a week is a shard: some kills come while one begins."""
    port = free_port(set())
    settings, dice = InfluxSettings(f"http://127.0.0.1:{port}"), random.Random(seed)
    taken = 0
    for life in range(3):
        with own_influxd(tmp_path, port, auth=False) as server:
            if life == 0:
                furnish(port)
            store, before = InfluxStore(settings, LEVELS), taken
            killer = threading.Timer(dice.uniform(0.2, 1.2), os.kill, (server.pid, signal.SIGKILL))
            killer.start()
            with suppress(Unavailable):
                while True:
                    store.write(results(taken * 500, 500, 120), [])
                    taken += 1
            killer.join()
            store.close()
            assert taken > before
    begun = time.monotonic()
    with own_influxd(tmp_path, port, auth=False):
        store = InfluxStore(settings, LEVELS)
        found = store.read("metric")["count"].to_list()
        lost = len(set(range(taken * 500)) - set(found))
        assert lost == 0
        store.write(results(0, (taken + 1) * 500, 120), [])
        again = store.read("metric")["count"].to_list()
        assert again == list(range((taken + 1) * 500))
    duplicate = len(again) - len(set(again))
    record(lost=lost, duplicate=duplicate, seconds=time.monotonic() - begun, tier="T2", seed=seed)


def test_row_17_a_store_whose_disk_is_full_commits_nothing_and_has_everything_after_a_start_with_room(
    tmp_path: Path,
) -> None:
    """1.8 goes on refusing until it is started again."""
    port = free_port(set())
    chain = Chain(InfluxSettings(f"http://127.0.0.1:{port}"))
    with own_influxd(tmp_path, port, auth=False) as server:
        furnish(port)
        chain.publish(results(0, 5))
        chain.historian.turn(0.0)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
        chain.publish(results(5, 495))
        with pytest.raises(Unavailable, match=r"got 500 'engine: .*file too large'; see the log of InfluxDB$"):
            chain.historian.turn(0.0)
        said, taken = chain.refused()
        assert "got 500 'engine: error writing WAL entry: " in said
        assert taken == 1
    with own_influxd(tmp_path, port, auth=False):
        chain.historian.turn(0.0)
        assert chain.historian.taken("results.v1") == 2
        assert chain.counts() == list(range(500))
