"""What InfluxDB answers to bad lines, a row of the table each, and what the sink makes of it.

The real 1.8.10 is asked for its column; the fake stands in for 2.9.1, and is held to what was measured there. What the
sender makes of a batch is the same for both: every good line is stored, every bad one is named with the server's words.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

import polars as pl
import pytest

from connectors.influx.fake import FakeInflux
from connectors.influx.fake_points import Bucket
from connectors.influx.sending import MOST_BYTES, MOST_LINES, Blamed, Sender
from connectors.influx.settings import Api, InfluxSettings
from connectors.influx.wire import Wire
from pipeline.core.errors import Unavailable
from pipeline.runtime.clock import WallClock
from tests.contract.influx import address, ask

DAY_MS = 86_400_000
NOW = WallClock().now_ms() // 1000 * 1000
OLD = NOW - 400 * DAY_MS


@dataclass(frozen=True)
class Server:
    """`kind`: 1 or 2, the column of the table."""

    kind: int
    settings: InfluxSettings

    def status_of(self, *lines: str) -> tuple[int, str]:
        """Past the product: its first answer."""
        where = "&".join(f"{key}={value}" for key, value in self.settings.write_parameters().items())
        url = f"{self.settings.url}{self.settings.write_path}?{where}"
        try:
            with urllib.request.urlopen(url, data="\n".join(lines).encode(), timeout=10) as answer:
                return answer.status, ""
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def send(self, lines: Sequence[str]) -> list[Blamed]:
        wire = Wire(self.settings)
        try:
            return Sender(wire).send(pl.Series(lines))
        finally:
            wire.close()

    def stored(self, measurement: str) -> list[object]:
        """Values of the field v, in order of time."""
        wire = Wire(self.settings)
        found = json.loads(wire.query(f'SELECT "v"::field FROM "{measurement}"', {}).text)
        wire.close()
        return [value for one in found["results"][0].get("series", []) for _, value in one["values"]]


@pytest.fixture(params=["1.8 /write", "1.8 /api/v2/write", "2.9 /write", "2.9 /api/v2/write"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    kind, path = request.param.split()
    api: Api = "v2" if "v2" in path else "v1"
    name = f"test_{uuid4().hex[:12]}"
    if kind == "2.9":
        fake = FakeInflux(WallClock(), buckets={name: Bucket(retention_ms=365 * DAY_MS)})
        with fake.serving():
            yield Server(2, InfluxSettings(fake.url, name, api=api))
        return
    url = address()
    ask(url, f'CREATE DATABASE "{name}" WITH DURATION 365d NAME "year"')
    yield Server(1, InfluxSettings(url, name, api=api))
    ask(url, f'DROP DATABASE "{name}"')


def line(k: int, value: str, measurement: str = "m") -> str:
    return f"{measurement},unit=u{k} v={value} {NOW + k}"


GOOD = [line(k, f"{k}.5") for k in range(4)]


@dataclass(frozen=True)
class Case:
    """A batch, what each server answers first, and which of its lines no server takes (by kind)."""

    lines: tuple[str, ...]
    status: tuple[int, int]
    text: tuple[str, str]
    partial: tuple[bool, bool]
    bad: tuple[tuple[int, ...], tuple[int, ...]]
    before: tuple[str, ...] = ()


CONFLICT = "field type conflict"
CASES = {
    "a wrong type for a known field": Case(
        (*GOOD[:2], line(9, '"x"'), *GOOD[2:]), (400, 422), (CONFLICT, CONFLICT), (True, True), ((2,), (2,)),
        before=(line(8, "8.5"),),
    ),
    "a line that does not parse": Case(
        (*GOOD[:2], line(9, "garbage"), *GOOD[2:]), (400, 400), ("unable to parse", "unable to parse"), (True, False),
        ((2,), (2,)),
    ),
    "a whole number beyond 64 bits": Case(
        (*GOOD, line(9, "99999999999999999999i", "n")), (400, 400), ("unable to parse", "unable to parse"),
        (True, False), ((4,), (4,)),
    ),
    "a new field with two types": Case(
        (*GOOD, line(7, '"x"'), line(8, '"y"')), (400, 422), (CONFLICT, CONFLICT), (False, True), ((4, 5), (4, 5)),
    ),
    "the only line is no number": Case(
        (line(0, "NaN"),), (400, 400), ("unable to parse", "unable to parse"), (False, False), ((0,), (0,)),
    ),
    "an unsigned number": Case((line(0, "3u"),), (400, 204), ("unable to parse", ""), (False, False), ((0,), ())),
    "a point older than the retention": Case(
        (*GOOD, f"m v=1 {OLD}"), (400, 422), ("points beyond retention policy", "outside retention policy"),
        (True, True), ((4,), (4,)),
    ),
    "nothing but points older than the retention": Case(
        tuple(f"m v=1 {OLD + k}" for k in range(5)), (400, 422), ("retention policy", "retention policy"),
        (True, True), ((0, 1, 2, 3, 4), (0, 1, 2, 3, 4)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_server_answers_as_its_column_says(server: Server, name: str) -> None:
    case, column = CASES[name], server.kind - 1
    if case.before:
        assert server.status_of(*case.before)[0] == 204
    status, text = server.status_of(*case.lines)
    assert (status, "partial write" in text) == (case.status[column], case.partial[column])
    assert case.text[column] in text


@pytest.mark.parametrize("name", CASES)
def test_every_good_line_is_stored_and_every_bad_one_is_named(server: Server, name: str) -> None:
    case, bad = CASES[name], CASES[name].bad[server.kind - 1]
    if case.before:
        server.send(case.before)
    blamed = server.send(case.lines)
    assert tuple(one.place for one in blamed) == bad
    assert all(case.text[server.kind - 1] in one.words for one in blamed)
    values = [float(one.split("v=")[1].split(" ")[0].rstrip("u")) for k, one in enumerate(case.lines) if k not in bad]
    assert server.stored("m") == [*values, *([8.5] if case.before else [])]


def test_row_21_two_bad_lines_of_five_thousand_cost_no_good_one(server: Server) -> None:
    lines = [line(k, f"{k}.25") for k in range(MOST_LINES)]
    lines[1234], lines[4321] = line(1234, "oh"), line(4321, '"text"')
    assert [one.place for one in server.send(lines)] == [1234, 4321]
    assert len(server.stored("m")) == MOST_LINES - 2


def test_row_22_no_request_is_larger_than_any_server_takes(server: Server) -> None:
    """Long lines by bytes, short ones by number; one that is too large alone still goes."""
    long = "x" * (MOST_BYTES // 4)
    lines = [f'long v="{long}" {NOW + k}' for k in range(6)]
    assert server.send([*lines, *GOOD]) == []
    assert server.stored("long") == [long] * 6
    assert server.stored("m") == [0.5, 1.5, 2.5, 3.5]


def test_row_22_a_body_that_is_too_large_is_sent_in_halves() -> None:
    fake = FakeInflux(WallClock(), buckets={"b": Bucket()}, busy=[(413, "")])
    with fake.serving():
        assert Server(2, InfluxSettings(fake.url, "b", api="v2")).send(GOOD) == []
    assert (fake.writes, len(fake.buckets["b"].points)) == (3, 4)


def test_a_refusal_that_does_not_come_again_blames_nobody() -> None:
    """1.8 refuses once what it takes the next time."""
    fake = FakeInflux(WallClock(), buckets={"b": Bucket()})
    with fake.serving():
        server = Server(2, InfluxSettings(fake.url, "b", api="v2"))
        for lines in (GOOD[:1], GOOD):
            fake.busy.append((400, ""))
            assert server.send(lines) == []
    assert len(fake.buckets["b"].points) == 4


@pytest.mark.parametrize(("status", "wait", "least"), [(503, "7", 6.0), (429, "30", 29.0), (503, "", 0.5)])
def test_row_18_a_server_that_asks_for_time_is_left_alone_for_it(status: int, wait: str, least: float) -> None:
    fake = FakeInflux(WallClock(), buckets={"b": Bucket()}, busy=[(status, wait)])
    with fake.serving():
        wire = Wire(InfluxSettings(fake.url, "b", api="v2"))
        sender = Sender(wire)
        told = []
        for _ in range(3):
            with pytest.raises(Unavailable) as refused:
                sender.send(pl.Series(GOOD))
            assert refused.value.retry_after > least
            told.append(str(refused.value))
        wire.close()
    assert fake.writes == 1
    assert set(told) == {f"store: {fake.url}: busy; got {status}; it goes on by itself"}


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_an_unknown_database_and_a_wrong_token_are_one_line_for_the_operator(api: Api) -> None:
    fake = FakeInflux(WallClock(), token="right", buckets={"b": Bucket()})
    with fake.serving():
        right = InfluxSettings(fake.url, "b", api=api, secret="right")
        assert Server(2, right).send(GOOD) == []
        with pytest.raises(Unavailable) as away:
            Server(2, replace(right, database="c")).send(GOOD)
        with pytest.raises(Unavailable) as refused:
            Server(2, replace(right, secret="wrong")).send(GOOD)
    what = "bucket" if api == "v2" else "database"
    assert str(away.value) == (
        f"store: {fake.url}: no {what} 'c' there; got 404 'bucket \"c\" not found'; create it, or correct store.{what}"
    )
    assert str(refused.value) == (
        f"store: {fake.url}: the token was refused; got 401 'unauthorized access'; "
        "correct it in [store], or grant it all of database 'b'"
    )
    assert "wrong" not in str(refused.value)


def test_nobody_there_is_one_line_for_the_operator() -> None:
    with pytest.raises(Unavailable) as away:
        Server(2, InfluxSettings("http://127.0.0.1:1", "b")).send(GOOD)
    assert str(away.value) == ("store: http://127.0.0.1:1: nothing answers there; start InfluxDB, or correct store.url")
