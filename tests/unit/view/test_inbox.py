"""`parkpulse inbox`: what nobody declared, with what was seen of it, and lines that declare it when pasted."""

import csv
import doctest
import io
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeline.view.inbox_roles
import pipeline.view.state_guess
import pipeline.view.words
from connectors.memory import MemoryLog
from pipeline.cli.app import run
from pipeline.config.read import read_config
from pipeline.core.line_config import LineConfig, MetricConfig, UnitConfig
from pipeline.core.ports import Outgoing, Record
from pipeline.roles.start import open_log
from pipeline.runtime.clock import VirtualClock
from pipeline.view.inbox import Inbox, declared_series, inbox_table
from pipeline.view.inbox_found import for_screen, found_in, roles_of, with_roles
from pipeline.view.inbox_words import INBOX_WORDS
from pipeline.view.narrow import columns_of, narrowed
from pipeline.view.recent import recent
from tests.unit.view.inbox_park import (
    COUNT,
    EN,
    HOUR,
    LINE,
    NEW,
    TIME,
    Captured,
    Rows,
    Value,
    Write,
    configured,
    frame,
    paste_all,
    series,
)


def seen(*polls: Sequence[bytes], declared: Sequence[LineConfig] = (), equipment: str = "") -> Inbox:
    inbox = Inbox(declared_series(declared), equipment)
    for poll in polls:
        inbox.take([Record(0, 0, TIME, LINE.encode(), value) for value in poll])
    return inbox


def kinds(*polls: Sequence[bytes]) -> dict[str, str]:
    table = inbox_table(seen(*polls))
    return dict(zip(table["metric"].to_list(), table["kind"].to_list(), strict=True))


def test_what_was_seen_of_a_metric_is_its_kind_rate_range_and_newest_value() -> None:
    row = inbox_table(seen([frame(series("torque", [3.0, 1.0, 2.5, 2.0, 2.0]))])).row(0, named=True)
    told = ("line", "unit", "metric", "kind", "count", "rate", "min", "max", "last", "first_t", "last_t")
    assert tuple(row[name] for name in told) == (
        LINE, "filler", "torque", "number", 5, 2.0, 1.0, 3.0, 2.0, TIME, TIME + 2000,
    )  # fmt: skip


@pytest.mark.parametrize(
    "values, kind",
    [
        ([5, 5, 7, 9], "counter"),
        ([5, 7, 9, 0, 2], "number"),
        ([0, 1, 0, 1], "bool"),
        ([0, 1, 2], "counter"),
        ([1, 1, 1], "number"),
        ([-3, -2, -1], "number"),
        ([71.5], "number"),
        ([0.0, 0.5, 1.0, 0.5], "number"),
        (["a", "b"], "text"),
    ],
)
def test_a_kind_is_told_by_the_values(values: list[Value], kind: str) -> None:
    assert kinds([frame(series("x", values))]) == {"x": kind}


def test_at_most_five_different_texts_are_kept_and_that_there_are_more_is_known() -> None:
    table = inbox_table(seen([frame(series("code", list("abcdefgh")))], [frame(series("code", list("axyz")))]))
    assert table["values"].to_list() == [["a", "b", "c", "d", "e", "f"]]
    assert table["last_text"].to_list() == ["h"]


def test_what_is_declared_or_not_asked_for_is_no_business_of_the_inbox() -> None:
    unit = UnitConfig(name="filler", metrics=(MetricConfig(name="torque"),))
    line = LineConfig(path=LINE, units=(unit,))
    rows = [*series("torque", [1.0]), *series("torque", [1.0], "capper"), *series("speed", [1.0])]
    found = [seen([frame(rows)], declared=[line], equipment=path).series for path in ("", f"{LINE}/capper", "park-02")]
    assert [{key[1:] for key in keys} for keys in found] == [
        {("capper", "torque"), ("filler", "speed")}, {("capper", "torque")}, set(),
    ]  # fmt: skip


def test_what_is_no_frame_stops_nothing() -> None:
    assert kinds([b"junk", frame(series("x", [1.0]))]) == {"x": "number"}


numbers = st.one_of(st.integers(-2, 40).map(float), st.floats(-1e6, 1e6), st.sampled_from([float("nan"), 0.0, 1.0]))


@given(st.lists(st.one_of(numbers, numbers, st.sampled_from(["a", "b", "c"])), min_size=1, max_size=12), st.data())
def test_the_cut_into_polls_and_frames_changes_nothing(values: list[Value], data: st.DataObject) -> None:
    rows = [*series("x", values), *series("y", values[::-1], "capper")]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(values)), max_size=4)))
    parts = [
        [row for row in rows if low * 500 <= row[2] < high * 500]
        for low, high in zip([0, *cuts], [*cuts, len(values)], strict=True)
    ]
    whole, cut = (inbox_table(seen(*polls)) for polls in ([[frame(rows)]], [[frame(part)] for part in parts if part]))
    assert cut.equals(whole)


def plain(rows: Rows) -> tuple[bool, int]:
    """(ever fell, times risen) by a plain loop."""
    values = [value for *_, value in sorted(rows, key=lambda row: row[2]) if isinstance(value, float)]
    steps = [b - a for a, b in pairwise(values)]
    return any(step < 0 for step in steps), sum(step > 0 for step in steps)


@given(st.lists(st.integers(-2, 6).map(float), min_size=1, max_size=9))
def test_falls_and_rises_are_those_of_a_plain_loop(values: list[float]) -> None:
    rows = series("x", values)
    found = seen(*[[frame([row])] for row in rows]).seen.row(0, named=True)
    assert (found["falls"], found["rises"]) == plain(rows)


EVERY: dict[str, Rows] = {
    LINE: [
        *series("state", ["Execute"]),
        *series("temp.oil", [60.0, 61.0]),
        *series("cycles", COUNT),
        *series("note", ["x\n[[units]]", "tab\t\x7f"]),
        *series("stät", ["Execute", "Held"], "capper"),
        *series("good_1", COUNT, "capper"),
        *series("good_2", COUNT, "capper"),
        *series("scrap", COUNT, "máy.đóng"),
        *series("Status", ["Idle"], "máy.đóng"),
        *series("state_no", [2.0, 6.0], "máy.đóng"),
    ],
    NEW: [
        *series("state", ["Execute", "Held"], "a"),
        *series("status", ["Execute", "Held"], "a"),
        *series("state", ["Execute"], "b"),
        *series("mode", ["Production"], "b"),
        *series("Energy", COUNT, "b"),
    ],
}


def test_pasting_what_it_prints_passes_the_check_and_empties_the_inbox(
    folder: Path, write: Write, capsys: Captured
) -> None:
    write(0, EVERY)
    assert run(["inbox", str(folder)]) == 0
    shown = capsys.readouterr()
    assert '# lines/line-1.toml: paste after row 6, below unit "filler"' in shown.out
    assert "# lines/dairy-dây.2.toml: new file" in shown.out
    assert (
        '[units.metrics."temp.oil"]\n# number, 2 a second, 60 to 61\nrole = "temperature"  # a suggestion' in shown.out
    )
    assert shown.err.startswith("inbox: 14 undeclared metrics; seen in what was appended between ")
    paste_all(folder, EVERY)
    assert run(["check", str(folder)]) == 0
    assert run(["inbox", str(folder)]) == 0
    shown = capsys.readouterr()
    assert shown.out == "ok: 2 lines, 5 units, 1 alarm\n"
    assert shown.err.splitlines()[-1].startswith("inbox: nothing undeclared came in ")


legal = st.text(st.sampled_from("ab1-._ầ"), min_size=1, max_size=6).filter(lambda name: name[0] not in "_̀")
signals = st.sampled_from(
    [(1.0, 2.0, 4.0), (0.0, 1.0, 0.0), ("Execute", "Held"), ("Production",), ("\x00\u2028",), (6.0,)]
)
names_of = st.sampled_from(["state", "mode", "good", "scrap", "temp", "order", "name", "product"])


@given(
    st.dictionaries(
        st.tuples(
            st.sampled_from([LINE, NEW, "park-01/dairy-dây/x"]),
            st.sampled_from(["filler", "capper"]) | legal,
            names_of | legal,
        ),
        signals,
        min_size=1,
        max_size=12,
    )
)
def test_whatever_comes_can_be_pasted(came: dict[tuple[str, str, str], tuple[Value, ...]]) -> None:
    frames: dict[str, list[tuple[str, str, int, Value]]] = {}
    for (line, unit, metric), values in came.items():
        frames.setdefault(line, []).extend(series(metric, values, unit))
    with TemporaryDirectory() as name:
        folder = configured(Path(name))
        paste_all(folder, frames)
        assert {*came} <= declared_series(read_config(folder).lines)


def test_a_unit_that_only_the_pack_declares_is_named_again_and_merged(folder: Path) -> None:
    (folder / "lines" / "line-1.toml").write_text(f'path = "{LINE}"\npack = "dairy-filling"\n', encoding="utf-8")
    state = series("state", ["Held"], "capper")
    paste_all(folder, {LINE: [*series("torque", [1.0]), *state, *series("state", ["Held"])]})
    (line,) = read_config(folder).lines
    assert {unit.name: len(unit.metrics) for unit in line.units}["filler"] > 10
    assert (LINE, "filler", "torque") in declared_series([line])
    assert line.pace_unit == "filler"


@pytest.mark.parametrize("units", ['units = [{ name = "filler" }]', '[[units]]\nname = "filler"\nmetrics = { a = {} }'])
def test_a_file_in_which_no_table_can_be_pasted_says_so(
    folder: Path, write: Write, capsys: Captured, units: str
) -> None:
    (folder / "lines" / "line-1.toml").write_text(f'path = "{LINE}"\n{units}\n', encoding="utf-8")
    write(0, {LINE: series("torque", [1.0])})
    assert run(["inbox", str(folder)]) == 0
    assert "put these metrics of unit filler in there by hand" in capsys.readouterr().out


def test_only_the_last_hour_of_the_log_is_looked_at(folder: Path, write: Write, capsys: Captured) -> None:
    for hours in range(30):
        write(hours * HOUR, {LINE: series(f"m{hours:02}", [1.0])})
    assert run(["inbox", str(folder), "--format", "json"]) == 0
    shown = capsys.readouterr()
    assert [row["name"] for row in json.loads(shown.out)] == ["m28", "m29"]
    assert "between 2026-05-30T00:26:40Z and 2026-05-30T01:26:40Z" in shown.err


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), max_size=25), st.integers(0, 20))
def test_the_newest_part_of_a_log_is_what_was_appended_since(steps: list[tuple[int, int]], back: int) -> None:
    clock = VirtualClock(TIME)
    log = MemoryLog(clock)
    log.ensure({"samples.v1": 3})
    writer = log.writer()
    for key, pause in steps:
        clock.advance(clock.now_ms() + pause)
        writer.write([Outgoing("samples.v1", f"line-{key}".encode(), b"")])
        writer.flush()
    every = [record for partition in log.topics["samples.v1"] for record in partition]
    since = max((record.append_ms for record in every), default=0) - back
    found = recent(log.reader("samples.v1", ""), back)
    polled = [record for poll in found.polls() for record in poll]
    expected = {(one.partition, one.offset) for one in every if one.append_ms >= since}
    assert sorted((one.partition, one.offset) for one in polled) == sorted(expected)
    assert found.total == len(expected)


def test_programs_get_csv_and_json_and_nothing_else(folder: Path, write: Write, capsys: Captured) -> None:
    write(0, {LINE: [*series("torque", COUNT), *series("rcp", ["a", "b"])]})
    assert run(["inbox", str(folder), "--format", "json", "--equipment", f"{LINE}/filler/"]) == 0
    recipe, torque = json.loads(capsys.readouterr().out)
    assert (recipe["values"], recipe["last"], recipe["min"], recipe["role"]) == ("a, b", "b", None, "")
    assert (torque["unit"], torque["kind"], torque["rate"], torque["role"]) == ("filler", "counter", 2.0, "good_count?")
    assert run(["inbox", str(folder), "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["name"] for row in rows] == ["rcp", "torque"]
    assert run(["inbox", str(folder), "--format", "parquet"]) == 2
    assert capsys.readouterr().err == "--format: unknown; got 'parquet'; expected one of table, csv, json\n"


def test_what_no_file_can_declare_is_said_beside(folder: Path, write: Write, capsys: Captured) -> None:
    write(0, {LINE: series("speed", [1.0], ""), "park/x": series("a", [1.0])})
    assert run(["inbox", str(folder)]) == 0
    shown = capsys.readouterr()
    assert "[units" not in shown.out
    assert f"{LINE}/speed: a metric of the line itself" in shown.err
    assert "park/x/filler/a: its path has 2 levels, park.toml declares 3 for a line" in shown.err


def test_numbers_sent_as_text_stay_text_and_are_named_with_the_cure(
    folder: Path, write: Write, capsys: Captured
) -> None:
    rows = [*series("torque", ["12.5", " -3 ", "1e3"]), *series("flow", ["0,5"]), *series("sku", ["4711"])]
    write(0, {LINE: [*rows, *series("note", ["12.5", "off"]), *series("speed", [12.5]), *series("st", ["Held"])]})
    assert run(["inbox", str(folder)]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "numbers as text" in line]
    assert told == [
        f'{LINE}/filler/{metric}: numbers as text, got "{got}": no statistics, no score; '
        f"send {cure} without quotes, unless they are names or codes"
        for metric, got, cure in (("flow", "0,5", "0.5"), ("torque", "12.5", "12.5"))
    ]
    assert run(["inbox", str(folder), "--format", "json"]) == 0
    kinds = {row["name"]: row["kind"] for row in json.loads(capsys.readouterr().out)}
    assert kinds["torque"] == kinds["flow"] == "text"


def test_where_no_log_is_yet_one_line_says_so(folder: Path, capsys: Captured) -> None:
    assert run(["inbox", str(folder)]) == 1
    assert "no log yet at " in capsys.readouterr().err
    write = open_log(read_config(folder), VirtualClock(TIME)).writer()
    write.close()
    assert run(["inbox", str(folder)]) == 0
    assert capsys.readouterr() == ("", "inbox: no records there\n")


def test_a_screen_of_eighty_columns_shows_a_metric_in_one_row(folder: Path) -> None:
    rows = [*series("exhaust_humidity", [14.61, 17.302]), *series("state", ["Execute", "Suspended", "Held"])]
    config = read_config(folder)
    table = inbox_table(seen([frame([*rows, *series("packs_rejected", COUNT, "wrapper")])]))
    found = found_in(table, config.levels, roles_of([], frozenset()), EN)
    screen = for_screen(with_roles(table, found, config.levels), config.levels, EN)
    columns, _, _ = narrowed(columns_of(screen), config.levels, 80, "en")
    assert all(column.width is None or column.width >= column.needs for column in columns)
    assert screen["range"].to_list() == ["14.61 … 17.302", "Execute, Susp…", "1 … 4"]
    assert screen["role"].to_list() == ["", "state", "reject_count"]


@pytest.mark.parametrize("module", [pipeline.view.inbox_roles, pipeline.view.state_guess, pipeline.view.words])
def test_the_examples_in_the_docstrings_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


def test_every_text_is_there_in_both_languages() -> None:
    assert all(en and vi and en.count("{") == vi.count("{") for en, vi in INBOX_WORDS.values())


def test_of_a_role_that_a_unit_has_once_only_the_first_is_suggested_for_sure() -> None:
    rows = [row for name in ("good_a", "good_b", "scrap_a", "scrap_b") for row in series(name, COUNT)]
    rows += [row for name in ("mode", "program") for row in series(name, ["Production"])]
    rows += [
        row for unit in ("filler", "capper") for name in ("state", "zustand") for row in series(name, ["Held"], unit)
    ]
    table = inbox_table(seen([frame(rows)]))
    paced = frozenset({LINE})
    suggested = {
        (one.unit, one.metric): one.role for one in found_in(table, ("a", "b", "c", "unit"), roles_of([], paced), EN)
    }
    assert suggested == {
        ("filler", "good_a"): "good_count", ("filler", "good_b"): "good_count?", ("filler", "scrap_a"): "reject_count",
        ("filler", "scrap_b"): "reject_count", ("filler", "mode"): "mode", ("filler", "program"): "mode?",
        ("filler", "state"): "state", ("filler", "zustand"): "state?",
        ("capper", "state"): "state", ("capper", "zustand"): "state?",
    }  # fmt: skip
