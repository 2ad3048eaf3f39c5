"""Results made again from the log: what does not differ is left alone to the last byte, what does is corrected."""

from contextlib import closing
from datetime import date

import pytest

from connectors.local_store import LocalStore
from connectors.sqlite_log import SqliteLog
from pipeline.cli.app import run
from pipeline.config.read import read_config
from pipeline.core.frames import Frame, Kind, decode, encode
from pipeline.core.ports import Outgoing
from pipeline.roles.historian import Historian
from pipeline.roles.reprocess import Reprocess
from pipeline.roles.skips import Skip, keep
from pipeline.roles.start import TOPICS
from pipeline.roles.worker import SAMPLES, Worker
from pipeline.runtime.clock import VirtualClock, monotonic
from pipeline.runtime.instruments import Instruments
from pipeline.view.changes import KINDS, Extent, changes
from tests.faults.record import record
from tests.unit.steps.logs import T0, configuration, random_log

PARK = 'levels = ["site", "line", "unit"]\nlanguage = "en"\ntimezone = "UTC"\n'
LINE = """
path = "park/line-{0}"
pace_unit = "filler"
count_unit = "filler"
windows = ["1s", "10s", "1m"]
[[units]]
name = "filler"
ideal_cycle = "{1}"
[units.metrics.state]
role = "state"
codes = {{ 6 = "execute", 11 = "held", 4 = "idle" }}
[units.metrics.good]
role = "good_count"
[units.metrics.bad]
role = "reject_count"
[units.metrics.temp]
role = "temperature"
uom = "°C"
[[alarms]]
name = "cold"
kind = "limit"
unit = "filler"
metric = "temp"
low = 68.0
on_delay = "1s"
"""
MINUTE = 60_000


def configure(folder, cycle="0.15s"):
    (folder / "lines").mkdir(parents=True, exist_ok=True)
    (folder / "park.toml").write_text(PARK)
    for line in (0, 1):
        (folder / "lines" / f"line-{line}.toml").write_text(LINE.format(line, cycle))
    return read_config(folder)


class Park:
    """A log of two lines in a folder, and its store, filled as by live work."""

    def __init__(self, folder, cycle="0.15s"):
        self.folder, self.clock = folder, VirtualClock(T0)
        self.config = configure(folder, cycle)
        self.log = SqliteLog(self.config.data_dir / "log", self.clock)
        self.log.ensure(dict.fromkeys(TOPICS, 1))
        entries, _ = random_log(5, 150, 2)
        declared = [configuration(line, 0, T0) for line in self.config.lines]
        writer = self.log.writer()
        for entry in (*declared, *entries[2:]):
            self.clock.advance(entry.append_ms)
            writer.write([Outgoing(SAMPLES, entry.line.encode(), encode(entry.frame))])
        writer.flush()
        writer.close()
        self.worker = Worker(self.log, Instruments())
        self.work()

    @property
    def store(self):
        return LocalStore(self.config.data_dir / "store.sqlite")

    def work(self):
        while self.worker.turn(0.0):
            pass
        historian = Historian(self.log, self.store, Instruments())
        while historian.turn(0.0):
            pass
        historian.close()

    def topics(self):
        """Of every topic how many records there are, and how far each role has come, and what state is kept."""
        ends = {topic: self.log.reader(topic, "").end_offset(0) for topic in TOPICS}
        return ends, self.worker.reader.committed(0), self.log.state().load("")


def heartbeat(now):
    return Frame(Kind.HEARTBEAT, 0, 0, now, "gw-2", 1, 1, 0, 0)


def export(store):
    """Everything of a store, to the last digit and revision."""
    tables = {kind: store.read(kind) for kind in (*KINDS, "ledger")} | {"alerts": store.read_alerts()}
    store.close()
    return {kind: table.write_csv() for kind, table in tables.items()}


def values(store):
    """Newest values, but for revisions."""
    tables = {kind: store.read(kind) for kind in KINDS}
    store.close()
    return {kind: table.drop("revision").write_csv() for kind, table in tables.items()}


@pytest.fixture
def park(tmp_path):
    return Park(tmp_path / "config")


def test_row_23_a_replay_into_a_filled_store_leaves_it_byte_identical_and_sends_no_alert(park, capsys):
    before, file, topics = export(park.store), (park.config.data_dir / "store.sqlite").read_bytes(), park.topics()
    begin = monotonic()
    assert run(["reprocess", str(park.folder), "--from", str(T0)]) == 0
    seconds = monotonic() - begin
    assert capsys.readouterr().out.startswith("nothing changes: ")
    assert export(park.store) == before
    assert (park.config.data_dir / "store.sqlite").read_bytes() == file
    assert park.topics() == topics
    assert topics[0]["alerts.v1"] > 2
    record(lost=0, duplicate=0, seconds=round(seconds, 2), tier="T0", seed=5)


def test_while_it_reads_live_work_goes_on_and_what_comes_is_left_to_it(park, tmp_path):
    live, writer = park.worker.reader.end_offset(0), park.log.writer()

    def came(done, total):
        assert total == live
        park.clock.advance(T0 + 400_000 + done)
        writer.write([Outgoing(SAMPLES, b"park/line-0", encode(heartbeat(T0 + 400_000 + done)))])
        writer.flush()
        assert park.worker.turn(0.0) == 1

    again = Reprocess(park.config, park.log, T0)
    with closing(LocalStore(tmp_path / "second.sqlite")) as made, closing(park.store) as store:
        again.run(made, came)
        assert park.worker.held[0].position > live
        assert {end for _, end in again.ends.values()} == {live}
        for kind in KINDS:
            ends = [Extent(path, T0, clock, clock) for path, (clock, _) in again.ends.items()]
            assert all(changes(store, made, kind, extent).is_empty() for extent in ends)


def test_another_ideal_cycle_corrects_what_rests_on_it_and_the_table_says_what(park, capsys):
    topics = park.topics()
    configure(park.folder, "0.3s")
    assert run(["reprocess", str(park.folder), "--from", str(T0 + MINUTE)]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].split() == ["time", "equipment", "metric", "window", "figure", "before", "after"]
    rows = [line.split() for line in shown.splitlines()[2:42]]
    row = next(row for row in rows if row[3] == "ideal_s" and row[1] == "park/line-0")
    assert float(row[5]) == pytest.approx(2 * float(row[4]))
    assert row[:3] == ["2026-05-28T20:28:00.000+00:00", "park/line-0", "1m"]
    assert "results are corrected in the store and in results.v1; no alert was sent" in shown
    assert park.topics()[0]["alerts.v1"] == topics[0]["alerts.v1"]
    assert park.topics()[1:] == topics[1:]
    table = park.store.read("elements")
    late = table.filter(table["window_start"] >= T0 + MINUTE)
    assert late["revision"].min() > 0
    assert table.filter(table["window_start"] < T0 + MINUTE)["revision"].max() < late["revision"].min()
    before = export(park.store)
    assert run(["reprocess", str(park.folder), "--from", str(T0 + MINUTE)]) == 0
    assert "nothing changes" in capsys.readouterr().out
    park.work()  # the historian reads the corrections too
    assert export(park.store) == before


def test_corrected_from_the_begin_the_store_is_that_of_a_park_which_always_was_so(park, tmp_path):
    configure(park.folder, "0.3s")
    assert run(["reprocess", str(park.folder), "--from", str(T0 - MINUTE)]) == 0
    assert values(park.store) == values(Park(tmp_path / "other", cycle="0.3s").store)


def test_into_a_second_store_the_first_stays_as_it_is(park, tmp_path, capsys):
    before, topics, second = export(park.store), park.topics(), tmp_path / "second"
    configure(park.folder, "0.3s")
    assert run(["reprocess", str(park.folder), "--from", str(T0), "--line", "line-1", "--into", str(second)]) == 0
    assert "the store of the configuration is as it was; no alert was sent" in capsys.readouterr().out
    assert (export(park.store), park.topics()) == (before, topics)
    made = LocalStore(second / "store.sqlite")
    assert {path.split("/")[1] for path in made.equipment("elements")} == {"line-1"}
    assert len(made.read_alerts()) > 0
    assert run(["reprocess", str(park.folder), "--from", str(T0), "--into", str(second)]) == 2
    assert capsys.readouterr().err.startswith("--into: there is something already")


def test_what_is_skipped_live_is_skipped_again(park, capsys):
    reader = park.log.reader(SAMPLES, "")
    victim = next(one for one in reader.poll(0.0) if one.offset > 300 and len(decode(one.value)) > 3)
    store = park.log.state()
    keep(store, 0, {victim.offset: Skip("rows", "it was so")})
    store.flush()
    assert run(["reprocess", str(park.folder), "--from", str(T0)]) == 0
    shown = capsys.readouterr().out
    assert "count" in {line.split()[-3] for line in shown.splitlines()[2:20]}
    assert run(["reprocess", str(park.folder), "--from", str(T0)]) == 0
    assert ": 0 changed, 0 new, " in capsys.readouterr().out


def test_where_the_begin_of_the_log_is_gone_it_says_from_when_on_results_can_be_made(park, capsys):
    days = sorted((park.config.data_dir / "log" / SAMPLES).glob("*.sqlite"))
    park.clock.advance(T0 + 86_400_000)
    writer = park.log.writer()
    writer.write([Outgoing(SAMPLES, b"park/line-0", b"next day")])
    writer.flush()
    park.log.drop_days_before(SAMPLES, date(2026, 5, 29))
    assert not days[0].exists()
    assert run(["reprocess", str(park.folder), "--from", str(T0)]) == 2
    said = "got 2026-05-28T20:26:40Z; expected 2026-05-29T21:26:40Z or later"
    assert f"--from: the log begins too late for that; {said}" in capsys.readouterr().err


def test_it_speaks_vietnamese(park, capsys):
    configure(park.folder, "0.3s")
    (park.folder / "park.toml").write_text(PARK.replace('"en"', '"vi"'))
    assert run(["reprocess", str(park.folder), "--from", str(T0)]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].split()[-3:] == ["số", "trước", "sau"]
    assert "không gửi cảnh báo nào" in shown


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--from", "soon"], "--from: no time; got 'soon'"),
        (["--from", ""], "--from: no time"),
        (["--from", "0", "--line", "line-7"], "--line: no such line; got 'line-7'; expected one of park/line-0, park/"),
        ([], ""),
    ],
)
def test_a_slip_ends_with_2_and_a_line(park, arguments, said, capsys):
    assert run(["reprocess", str(park.folder), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_without_a_store_or_a_log_it_says_what_to_run(tmp_path, capsys):
    configure(tmp_path)
    assert run(["reprocess", str(tmp_path), "--from", "0"]) == 1
    assert "no results yet; run the pipeline with this configuration first" in capsys.readouterr().err
    LocalStore(tmp_path / "data" / "store.sqlite").close()
    assert run(["reprocess", str(tmp_path), "--from", "0"]) == 1
    assert "no log yet" in capsys.readouterr().err
