"""The OEE family says what ISO 22400-2 says, is null where nothing can be said, and only there."""

import math
from typing import TypedDict

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.steps.kpis import apply, known_kpis

MINUTE = 60_000
SCHEMA = {
    **dict.fromkeys(("pbt_ms", "apt_ms", "aust_ms", "adet_ms", "adot_ms", "unclassified_ms"), pl.Int64),
    **dict.fromkeys(("ideal_ms", "pq", "gq", "sq", "rq"), pl.Float64),
}


class Elements(TypedDict, total=False):
    apt_ms: int
    aust_ms: int
    adet_ms: int
    adot_ms: int
    unclassified_ms: int
    ideal_ms: float | None
    pq: float
    gq: float
    sq: float
    rq: float


ZERO = Elements(
    apt_ms=0, aust_ms=0, adet_ms=0, adot_ms=0, unclassified_ms=0, ideal_ms=0.0, pq=0.0, gq=0.0, sq=0.0, rq=0.0
)


def table(*rows: Elements) -> pl.DataFrame:
    full = pl.DataFrame([{**ZERO, **row} for row in rows], schema_overrides=SCHEMA)
    return full.with_columns(
        pbt_ms=pl.sum_horizontal("apt_ms", "aust_ms", "adet_ms", "adot_ms", "unclassified_ms")
    ).select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())


def kpis_of(row: Elements) -> dict[str, float | None]:
    return apply(table(row)).row(0, named=True)


times = st.integers(0, 8 * 60 * MINUTE)


@st.composite
def elements(draw: st.DrawFn) -> Elements:
    good, scrap = draw(st.integers(0, 10_000)), draw(st.integers(0, 100))
    cycle = draw(st.none() | st.floats(1.0, 60_000.0))
    return Elements(
        apt_ms=draw(times),
        aust_ms=draw(times),
        adet_ms=draw(times),
        adot_ms=draw(times),
        unclassified_ms=draw(times),
        ideal_ms=None if cycle is None else cycle * (good + scrap),
        pq=float(good + scrap),
        gq=float(good),
        sq=float(scrap),
    )


def test_the_worked_vector_of_the_domain_reference_comes_out() -> None:
    row = kpis_of(
        Elements(
            apt_ms=420 * MINUTE,
            aust_ms=20 * MINUTE,
            adet_ms=30 * MINUTE,
            adot_ms=10 * MINUTE,
            ideal_ms=0.5 * MINUTE * 800,
            pq=800.0,
            gq=776.0,
            sq=24.0,
        )
    )
    expected = {
        "availability": 0.875,
        "effectiveness": 0.952381,
        "quality_ratio": 0.97,
        "oee": 0.808333,
        "nee": 0.846825,
        "coverage": 1.0,
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected, abs=5e-7)


def test_elements_are_summed_before_they_are_divided() -> None:
    units = table(Elements(apt_ms=1, pq=36.0, gq=35.0), Elements(apt_ms=1, pq=9.0, gq=3.0))
    line = apply(units.sum())["quality_ratio"].item()
    mean_of_units = apply(units)["quality_ratio"].mean()
    assert line == 38 / 45
    assert mean_of_units == pytest.approx((35 / 36 + 3 / 9) / 2)
    assert line - mean_of_units > 0.19


def test_oee_is_zero_where_the_state_is_known_and_nothing_was_produced() -> None:
    assert kpis_of(Elements(adot_ms=MINUTE, ideal_ms=0.0))["oee"] == 0.0
    assert kpis_of(Elements(adot_ms=1, unclassified_ms=MINUTE, ideal_ms=0.0))["oee"] == 0.0


def test_oee_is_null_where_no_state_is_known_or_no_time_was_planned() -> None:
    assert kpis_of(Elements(unclassified_ms=MINUTE, ideal_ms=500.0, pq=1.0, gq=1.0))["oee"] is None
    assert kpis_of(Elements(ideal_ms=500.0, pq=1.0, gq=1.0))["oee"] is None


def test_without_an_ideal_cycle_only_what_needs_none_is_known() -> None:
    row = kpis_of(Elements(apt_ms=30, adet_ms=10, ideal_ms=None, pq=4.0, gq=3.0))
    assert (row["availability"], row["quality_ratio"], row["coverage"]) == (0.75, 0.75, 1.0)
    assert (row["oee"], row["nee"], row["effectiveness"]) == (None, None, None)
    assert kpis_of(Elements(adet_ms=10, ideal_ms=None))["oee"] is None


def test_parts_counted_without_a_second_of_production_are_kept_in_oee() -> None:
    row = kpis_of(Elements(adet_ms=1000, ideal_ms=400.0, pq=4.0, gq=3.0))
    assert row["effectiveness"] is None
    assert row["oee"] == pytest.approx(0.3)


def test_set_up_is_a_loss_for_oee_and_none_for_nee() -> None:
    row = kpis_of(Elements(apt_ms=500, aust_ms=500, ideal_ms=500.0, pq=5.0, gq=5.0))
    assert (row["oee"], row["nee"]) == (0.5, 1.0)


@given(elements())
def test_a_kpi_is_null_or_a_finite_number_within_its_declared_range(row: Elements) -> None:
    values = kpis_of(row)
    for kpi in known_kpis():
        value = values[kpi.id]
        least, greatest = kpi.range
        assert value is None or math.isfinite(value)
        assert value is None or least is None or value >= least
        assert value is None or greatest is None or value <= greatest


@given(elements())
def test_oee_is_the_product_of_its_factors_wherever_they_exist(row: Elements) -> None:
    values = kpis_of(row)
    factors = [values[name] for name in ("availability", "effectiveness", "quality_ratio")]
    known = [factor for factor in factors if factor is not None]
    if len(known) == 3 and values["coverage"] != 0.0:
        assert values["oee"] == pytest.approx(math.prod(known), rel=1e-12)


@given(st.lists(elements(), min_size=1, max_size=8))
def test_rows_do_not_see_one_another(rows: list[Elements]) -> None:
    together = apply(table(*rows))
    alone = pl.concat([apply(table(row)) for row in rows])
    assert together.equals(alone)
