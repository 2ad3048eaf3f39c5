"""The contract of a store (port Sink and its reads), run over every store: a new one is a row of `STORES`.

Rule: the content of a store depends on what was written, never on the order or the number of times.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from connectors.local_store import LocalStore
from connectors.memory_store import MemoryStore
from pipeline.core.ports import Unstorable
from pipeline.core.results import Extent, Result, ResultKind, Transition, Value
from tests.contract.influx import OwnServer, real_influx

LINE = "park/nhà-máy/dây-chuyền-1"
KINDS: tuple[ResultKind, ...] = ("metric", "elements", "kpi", "anomaly", "state", "ledger", "score", "progress")


class Store(Protocol):
    def write(self, results: Sequence[Result], alerts: Sequence[Transition]) -> Sequence[Unstorable]: ...

    def read(
        self,
        kind: ResultKind,
        equipment: str = "",
        since_ms: int | None = None,
        until_ms: int | None = None,
        window_s: int | None = None,
    ) -> pl.DataFrame: ...

    def read_alerts(
        self, equipment: str = "", since_ms: int | None = None, until_ms: int | None = None
    ) -> pl.DataFrame: ...

    def equipment(self, kind: str) -> list[str]: ...

    def extents(self, kind: str, equipment: str = "") -> list[Extent]: ...

    def close(self) -> None: ...


STORES: dict[str, Callable[[Path], Store]] = {
    "local": lambda folder: LocalStore(folder / "store.sqlite"),
    "memory": lambda folder: MemoryStore(),
    "influx 1.8, /write": lambda folder: real_influx("v1"),
    "influx 1.8, /api/v2/write": lambda folder: real_influx("v2"),
    "influx 2, a fake": lambda folder: OwnServer("v2"),
}


@pytest.fixture(params=STORES)
def kind_of_store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(kind_of_store: str, tmp_path: Path) -> Iterator[Store]:
    opened = STORES[kind_of_store](tmp_path)
    yield opened
    opened.close()


RESULT = Result("metric", f"{LINE}/máy-rót", "nhiệt-độ", 10, 60_000, None, 0, {"count": 3, "mean": 1.5}, coverage=0.5)
TRANSITION = Transition(
    id="i1", transition=0, alarm="h2o2-cold", equipment=f"{LINE}/máy-rót", priority=1, state="unack",
    previous="norm", event_time_ms=60_000, raised_ms=60_000, value=68.5, threshold=70.0, uom="°C",
    message_en="cold", message_vi="lạnh", advice_en="heat", advice_vi="làm nóng", incident="i1", revision=0,
    announced=True,
)  # fmt: skip


def all_of(store: Store) -> list[pl.DataFrame]:
    return [*(store.read(kind) for kind in KINDS), store.read_alerts()]


def is_equal(one: Store, other: Store) -> None:
    """A store need not tell whole floats from ints, nor have a column of a value that does not exist."""
    for left, right in zip(all_of(one), all_of(other), strict=True):
        assert_frame_equal(known(left), known(right), check_column_order=False)


def known(table: pl.DataFrame) -> pl.DataFrame:
    first = table.columns[:8]
    values = [name for name in table.columns[8:] if table[name].null_count() < len(table)]
    return table.select(*first, *values).with_columns(pl.col(pl.Int64).cast(pl.Float64))


# A result's content follows from its identity and revision, as in the product; identities are few so that they meet.
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def published(kind: ResultKind, unit: str, window_start: int, product: str | None, revision: int) -> Result:
    values: dict[str, Value] = {"count": revision, "mean": None if revision == 2 else revision / 7, "state": unit}
    return Result(kind, f"{LINE}/{unit}", "tên", 10, window_start, product, revision, values, formula="oee/1")


RESULTS = st.lists(
    st.builds(
        published,
        kind=st.sampled_from(["metric", "kpi"]),
        unit=st.sampled_from(["máy-rót", "máy-dán"]),
        window_start=st.sampled_from([0, 10_000]),
        product=st.sampled_from([None, "sữa"]),
        revision=st.integers(0, 5),
    ),
    max_size=12,
)
TRANSITIONS = st.lists(
    st.builds(
        lambda id, n: replace(TRANSITION, id=id, transition=n, event_time_ms=60_000 + n),
        id=st.sampled_from(["i1", "i2"]),
        n=st.integers(0, 3),
    ),
    max_size=6,
)


@pytest.mark.parametrize("kind_of_store", STORES)
@settings(max_examples=40)
@given(results=RESULTS, alerts=TRANSITIONS, data=st.data())
def test_any_order_repetition_and_cut_of_what_is_written_gives_one_content(
    kind_of_store: str, results: list[Result], alerts: list[Transition], data: st.DataObject
) -> None:
    repeated = data.draw(st.lists(st.sampled_from(results))) if results else []
    again = data.draw(st.permutations(results + repeated))
    alerts_again = data.draw(st.permutations(alerts + alerts))
    cut = data.draw(st.integers(0, len(again)))
    newest: dict[tuple[str, str, int, str | None], Result] = {}
    for r in results:
        key = (r.kind, r.equipment, r.window_start, r.product)
        newest[key] = max(newest.get(key, r), r, key=lambda x: x.revision)
    with TemporaryDirectory() as folder, closing(STORES[kind_of_store](Path(folder))) as store:
        store.write(again[:cut], alerts_again)
        store.write(again[cut:], alerts)
        expected = MemoryStore()
        expected.write(list(newest.values()), alerts)
        is_equal(store, expected)


@pytest.mark.parametrize("kind_of_store", STORES)
@settings(max_examples=30)
@given(numbers=st.dictionaries(st.text("abcé_", min_size=1, max_size=4), NUMBERS, min_size=1))
def test_a_number_comes_back_to_the_bit(kind_of_store: str, numbers: dict[str, float]) -> None:
    with TemporaryDirectory() as folder, closing(STORES[kind_of_store](Path(folder))) as store:
        store.write([replace(RESULT, values={f"x_{name}": number for name, number in numbers.items()})], [])
        row = store.read("metric")
        assert {name: row[f"x_{name}"].item() for name in numbers} == numbers


def test_the_newest_revision_wins_also_when_an_older_one_comes_later(store: Store) -> None:
    store.write([replace(RESULT, revision=9, values={"mean": 9.0}, coverage=0.9, formula="f/9")], [])
    store.write([replace(RESULT, revision=4, values={"mean": 4.0})], [])
    row = store.read("metric")
    assert row.select("revision", "mean", "coverage", "formula").row(0) == (9, 9.0, 0.9, "f/9")


def test_a_revision_with_fewer_values_leaves_none_of_the_older_ones(store: Store) -> None:
    store.write([replace(RESULT, values={"mean": 1.0, "sd": 2.0})], [])
    store.write([replace(RESULT, revision=1, values={"mean": 1.0})], [])
    assert "sd" not in store.read("metric").columns


def test_a_replay_changes_nothing(store: Store) -> None:
    store.write([RESULT], [TRANSITION])
    before = all_of(store)
    store.write([RESULT, RESULT], [TRANSITION])
    for left, right in zip(before, all_of(store), strict=True):
        assert_frame_equal(left, right)


def test_no_product_is_a_product_of_its_own_and_reads_as_null(store: Store) -> None:
    store.write([RESULT, replace(RESULT, product="sữa"), RESULT], [])
    assert store.read("metric")["product"].to_list() == [None, "sữa"]


def test_names_of_any_script_come_back_as_they_went_in(store: Store) -> None:
    store.write([RESULT], [TRANSITION])
    assert store.read("metric").select("equipment", "name").row(0) == (RESULT.equipment, RESULT.name)
    assert store.read_alerts().select("message_vi", "uom").row(0) == ("lạnh", "°C")


def test_a_null_value_stays_null_and_its_column_is_of_floats(store: Store) -> None:
    store.write([replace(RESULT, values={"oee": None, "count": 0}, coverage=None)], [])
    row = store.read("metric")
    assert row.select("count", "coverage").row(0) == (0, None)
    if "oee" in row.columns:
        assert row.select("oee").row(0) == (None,)
        assert row.schema["oee"] == pl.Float64


def test_a_float_that_is_no_number_is_null(store: Store) -> None:
    store.write([replace(RESULT, values={"sd": float("nan")}, coverage=float("nan"))], [])
    store.write([], [replace(TRANSITION, value=float("inf"))])
    row = store.read("metric")
    assert row.select("coverage").row(0) == (None,)
    assert "sd" not in row.columns or row.select("sd").row(0) == (None,)
    assert store.read_alerts()["value"].to_list() == [None]


def test_results_with_other_values_share_one_table(store: Store) -> None:
    store.write([RESULT, replace(RESULT, name="z", values={"mean": 2, "text": "x"})], [])
    table = store.read("metric")
    assert table["mean"].to_list() == [1.5, 2.0]
    assert table["text"].to_list() == [None, "x"]


def test_results_without_values_are_rows_all_the_same(store: Store) -> None:
    store.write([replace(RESULT, values={})], [])
    assert store.read("metric").height == 1


def test_writing_nothing_is_allowed_and_an_empty_store_has_its_columns(store: Store) -> None:
    store.write([], [])
    assert store.read("metric").columns == [
        "equipment", "name", "window_s", "window_start", "product", "revision", "coverage", "formula",
    ]  # fmt: skip
    assert store.read_alerts().is_empty()


def test_an_alert_is_known_by_id_and_transition_and_the_first_one_stays(store: Store) -> None:
    store.write([], [TRANSITION, replace(TRANSITION, transition=1, state="norm", event_time_ms=70_000)])
    store.write([], [replace(TRANSITION, message_en="another"), replace(TRANSITION, id="i2", event_time_ms=80_000)])
    table = store.read_alerts()
    assert table.select("id", "transition").rows() == [("i1", 0), ("i1", 1), ("i2", 0)]
    assert table["message_en"].to_list() == ["cold"] * 3
    assert table["announced"].to_list() == [True] * 3


def test_a_path_chooses_whole_levels_only(store: Store) -> None:
    paths = [LINE, f"{LINE}/máy-rót", f"{LINE}0", f"{LINE}-b/máy-rót", "park", f"{LINE}.x"]
    store.write([replace(RESULT, equipment=path) for path in paths], [])
    store.write([], [replace(TRANSITION, id=path, equipment=path) for path in paths])
    assert store.read("metric", LINE)["equipment"].to_list() == [LINE, f"{LINE}/máy-rót"]
    assert store.read_alerts(LINE)["equipment"].to_list() == [LINE, f"{LINE}/máy-rót"]
    assert store.read("metric", "park").height == len(paths)


def test_a_period_holds_its_begin_and_not_its_end(store: Store) -> None:
    starts = [0, 10_000, 20_000, 30_000]
    store.write([replace(RESULT, window_start=start) for start in starts], [])
    store.write([], [replace(TRANSITION, id=str(start), event_time_ms=start) for start in starts])
    assert store.read("metric", "", 10_000, 30_000)["window_start"].to_list() == [10_000, 20_000]
    assert store.read_alerts("", 10_000, 30_000)["event_time_ms"].to_list() == [10_000, 20_000]


def test_windows_of_one_length_can_be_chosen(store: Store) -> None:
    store.write([RESULT, replace(RESULT, window_s=60)], [])
    assert store.read("metric", window_s=60)["window_s"].to_list() == [60]


def test_rows_come_by_time_then_equipment_then_name(store: Store) -> None:
    keys = [(10_000, "b", "x"), (0, "c", "x"), (10_000, "a", "y"), (10_000, "a", "x")]
    store.write([replace(RESULT, window_start=t, equipment=e, name=n) for t, e, n in keys], [])
    assert store.read("metric").select("window_start", "equipment", "name").rows() == sorted(keys)


def test_what_there_is_can_be_asked_without_reading_it(store: Store) -> None:
    keys = [(LINE, 60, 60_000), (f"{LINE}/máy-rót", 10, 70_000), (f"{LINE}/máy-rót", 10, 20_000), (f"{LINE}0", 900, 0)]
    store.write([replace(RESULT, equipment=e, window_s=w, window_start=t) for e, w, t in keys], [])
    assert store.equipment("metric") == [LINE, f"{LINE}/máy-rót", f"{LINE}0"]
    assert store.extents("metric", LINE) == [Extent(10, 20_000, 70_000), Extent(60, 60_000, 60_000)]
    assert (store.equipment("kpi"), store.extents("kpi")) == ([], [])
