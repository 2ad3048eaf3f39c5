"""Tables on a terminal: whole where there is room, shorter where there is not, and never two rows made one."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from connectors.memory_store import MemoryStore
from pipeline.core.results import Result, Value
from pipeline.view.drawing import drawn
from pipeline.view.narrow import columns_of, narrowed, width_of
from pipeline.view.tables import SHAPES, WHATS, Question, What, local_times, query_table
from tests.unit.view.scenes import FILLING, NOW, ROOT, alarm

PACKING = f"{ROOT}/packing/line-1"
LEVELS = ["operator", "park", "site", "area", "line", "unit"]


def table_of(what: What) -> pl.DataFrame:
    values: dict[What, dict[str, Value]] = {
        "metrics": {"count": 3, "mean": 1 / 3, "min": 0.1, "max": 0.9, "last": 0.5, "sd": 0.123456},
        "elements": {"pbt_ms": 10_000, "apt_ms": 7362, "ideal_ms": 6150.0, "pq": 41, "gq": 41, "sq": 0, "rq": 0},
        "kpis": {"oee": 0.615, "availability": 0.7362, "effectiveness": 0.835370823145884, "quality_ratio": 1.0},
        "anomalies": {"score": 7.123456, "level": 2, "open": 1, "contributors": "motor_i"},
        "states": {"state": "execute", "reason": ""},
        "ledger": {"received": 2869, "stored": 2771, "duplicate": 78, "expired": 10, "rejected": 10, "gap": 0},
    }
    results = [
        Result(SHAPES[what].kind, path, "name", 0 if what == "states" else 10, NOW + n * 10_000, None, 0, values[what])
        for n in range(3)
        for path in (FILLING, f"{FILLING}/filler", f"{PACKING}/filler")
        if what != "alerts"
    ]
    alerts = [alarm(f"{path}/u", f"low-{n}") for n in range(2) for path in (FILLING, PACKING)]
    store = MemoryStore()
    store.write(results, alerts)
    return query_table(store, Question(what), LEVELS)


@pytest.mark.parametrize("what", WHATS)
def test_where_there_is_room_a_table_has_every_column_as_it_is(what: What) -> None:
    columns = columns_of(table_of(what))
    assert narrowed(columns, LEVELS, 400, "en") == (columns, [], [])


@pytest.mark.parametrize("what", WHATS)
def test_at_80_columns_every_table_fits_and_no_value_folds(what: What) -> None:
    table = table_of(what)
    columns, _, out = narrowed(columns_of(table), LEVELS, 80, "en")
    widths = [column.width or max(len(column.name), column.needs) for column in columns]
    assert sum(widths) + 2 * (len(widths) - 1) <= 80
    for column, width in zip(columns, widths, strict=True):
        assert column.needs <= width or column.name.startswith("message"), column.name
    assert [column.name for column in columns][:2] == ["time", "equipment"]
    assert what in ("alerts", "metrics") or len(out) <= 3, out


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
@pytest.mark.parametrize("what", WHATS)
def test_rows_that_differ_in_time_or_equipment_still_differ(what: What, width: int) -> None:
    table = table_of(what)
    columns, _, _ = narrowed(columns_of(table), LEVELS, width, "en")
    named = {column.name: column.cells for column in columns}
    where = [name for name in named if name in ("time", "equipment", "name", *LEVELS)]
    assert len(set(zip(*(named[name] for name in where), strict=True))) == table.height


def test_what_all_rows_share_is_said_once_above() -> None:
    columns, shared, _ = narrowed(columns_of(table_of("kpis")), LEVELS, 80, "en")
    assert "2026-05-28 UTC" in shared
    assert "name name" in shared
    assert next(column for column in columns if column.name == "time").cells[0] == "20:26:40"


def test_the_offset_stays_in_every_row_where_the_clocks_were_changed() -> None:
    zone, change = "Europe/Berlin", 1_792_890_000_000  # 2026-10-25 01:00 UTC
    store = MemoryStore()
    store.write([Result("state", FILLING, "state", 0, change + ms, None, 0, {}) for ms in (-1000, 3_599_000)], [])
    table = local_times(query_table(store, Question("states"), LEVELS), zone)
    columns, shared, _ = narrowed(columns_of(table), LEVELS, 20, "en")
    assert columns[0].cells == ("02:59:59+02:00", "02:59:59+01:00")
    assert "2026-10-25" in shared


@given(st.integers(1, 300))
def test_a_narrower_table_is_never_wider_than_a_wider_one(width: int) -> None:
    columns = columns_of(table_of("elements"))
    assert width_of(narrowed(columns, LEVELS, width, "en")[0]) <= width_of(columns)


def test_a_table_of_one_row_and_one_of_none_are_narrowed_too() -> None:
    table = table_of("elements")
    for part in (table.head(1), table.head(0)):
        columns, _, _ = narrowed(columns_of(part), LEVELS, 60, "vi")
        assert columns[0].name == "time"


def test_cells_hold_nothing_unprintable() -> None:
    table = pl.DataFrame({"time": ["t"], "state": ["a\x1b[2J"]})
    assert columns_of(table)[1].cells == ("a\\u001b[2J",)


def test_wide_letters_and_folded_cells_leave_every_row_as_wide_as_the_rule() -> None:
    table = pl.DataFrame({"time": ["t1", "t2"], "name": ["温度", "temp"], "reason": ["the belt is torn in two", ""]})
    columns = [replace(column, width=10) if column.name == "reason" else column for column in columns_of(table)]
    head, rule, *rows = drawn(columns)
    assert head.split() == ["time", "name", "reason"]
    assert rows == ["t1    温度  the belt", "            is torn in", "            two", "t2    temp"]
    assert cell_len(rows[0]) <= len(rule) == len("time  name  the belt  ")


@given(st.lists(st.tuples(st.text("ab漢 ", max_size=9), st.integers(-1000, 1000)), max_size=5))
def test_a_drawing_has_every_row_in_order_and_no_line_is_wider_than_its_rule(rows: list[tuple[str, int]]) -> None:
    table = pl.DataFrame(rows, {"time": pl.String, "value": pl.Int64}, orient="row")
    _, rule, *lines = drawn(columns_of(table))
    assert [line.split()[-1] for line in lines] == [str(value) for _, value in rows]
    assert all(cell_len(line) == len(rule) for line in lines)
