"""The Kpi record: what is said about an indicator, as in ISO 22400-1, its formula being an expression over elements.

Rule: a formula sees additive element columns only (`pbt_ms`, `apt_ms`, `pq`, ...), so that one record serves every
window and every level of the equipment tree: sum the elements first, divide last. Undefined is null; never 0 by
accident, never infinity.

    >>> scrap = pl.DataFrame({"sq": [2.0, 0.0], "pq": [8.0, 0.0]})
    >>> scrap.select(ratio(pl.col("sq"), pl.col("pq")).alias("scrap_ratio"))["scrap_ratio"].to_list()
    [0.25, None]
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl


@dataclass(frozen=True, slots=True, eq=False)
class Kpi:
    """One indicator. `range` is (least, greatest), None = open; values are ratios (0.85), boards show percent."""

    id: str
    version: int
    name_en: str
    name_vi: str
    description: str
    formula: pl.Expr
    unit: str
    range: tuple[float | None, float | None]
    better: Literal["higher", "lower"]
    description_vi: str = ""
    source: str = ""

    @property
    def needs(self) -> frozenset[str]:
        """The element columns that the formula reads: said once, by the formula itself."""
        return frozenset(self.formula.meta.root_names())


def ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """part / whole where whole > 0, else null."""
    return pl.when(whole > 0).then(part / whole)
