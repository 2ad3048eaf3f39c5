"""Every KPI in `pipeline/kpis`, found on disk: a new one is covered before its author writes a test."""

import doctest
import string
from types import ModuleType

import polars as pl
import pytest

import pipeline.core.kpi
from pipeline.core.errors import Bug
from pipeline.core.kpi import Kpi
from pipeline.steps.kpis import apply, declared, known_kpis

KPIS = pytest.mark.parametrize("kpi", known_kpis(), ids=lambda kpi: kpi.id)


@KPIS
def test_a_descriptor_is_complete(kpi: Kpi) -> None:
    assert kpi.id
    assert set(kpi.id) <= set(string.ascii_lowercase + "_")
    assert kpi.version >= 1
    assert kpi.name_en
    assert kpi.name_vi
    assert kpi.name_vi != kpi.name_en
    assert kpi.description.endswith(".")
    assert kpi.description_vi.endswith(".")
    assert kpi.description_vi != kpi.description
    assert kpi.source
    assert kpi.unit


@KPIS
def test_a_formula_reads_elements_and_never_another_kpi(kpi: Kpi) -> None:
    assert kpi.needs
    assert kpi.needs.isdisjoint(other.id for other in known_kpis())


@KPIS
def test_a_formula_without_any_known_element_is_null_in_every_row(kpi: Kpi) -> None:
    unknown = pl.DataFrame({name: [None, None] for name in kpi.needs}, schema=dict.fromkeys(kpi.needs, pl.Float64))
    assert unknown.select(kpi.formula.alias("value"))["value"].to_list() == [None, None]


def test_the_published_names_of_the_family_are_all_there() -> None:
    ids = [kpi.id for kpi in known_kpis()]
    assert ids == ["availability", "effectiveness", "quality_ratio", "oee", "nee", "coverage"]


def test_a_file_declares_its_records_in_the_order_they_are_written() -> None:
    first, second = known_kpis()[:2]
    family = ModuleType("family")
    vars(family).update(later=second, other="no kpi", sooner=first)
    assert declared(family) == (second, first)


def test_missing_elements_are_named_in_the_error() -> None:
    with pytest.raises(Bug, match=r"columns .*pbt_ms.* are missing; got pq"):
        apply(pl.DataFrame({"pq": [1.0]}))


def test_no_rows_give_no_rows_with_every_column() -> None:
    needs = frozenset[str]().union(*(kpi.needs for kpi in known_kpis()))
    empty = apply(pl.DataFrame(schema=dict.fromkeys(needs, pl.Float64)))
    assert empty.height == 0
    assert {kpi.id for kpi in known_kpis()} <= set(empty.columns)


def test_the_example_in_the_docstring_is_true() -> None:
    assert doctest.testmod(pipeline.core.kpi).failed == 0
