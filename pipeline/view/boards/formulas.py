"""A KPI's formula in InfluxQL, made from the formula itself: elements are summed first, the ratio comes last.

Rules: what is null in the formula is no row here. InfluxQL has no case and says x / 0 = 0, so a formula may have one
case that is computed, beside cases that are 0 where a denominator is; anything else is a Bug that names the KPI.
Names stay those of the elements.

    >>> import polars as pl
    >>> in_influxql(pl.when(pl.col("pq") > 0).then(pl.col("gq") / pl.col("pq")))
    Ratio(text='("gq" / "pq")', holds=('("pq" > 0)',))
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import polars as pl

from pipeline.core.errors import Bug

ARITHMETIC = {"Plus": "+", "Minus": "-", "Multiply": "*", "TrueDivide": "/"}
COMPARED = {"Gt": ">", "GtEq": ">=", "Lt": "<", "LtEq": "<=", "Eq": "=", "NotEq": "!="}
Node = object


@dataclass(frozen=True, slots=True)
class Ratio:
    """`text` is the value where all of `holds` do."""

    text: str
    holds: tuple[str, ...] = ()


def in_influxql(formula: pl.Expr) -> Ratio:
    """Raises Bug where InfluxQL cannot say it."""
    return _value(msgspec.json.decode(formula.meta.serialize(format="json")))


def _value(node: Node) -> Ratio:
    match node:
        case {"Column": str(name)}:
            return Ratio(f'"{name}"')
        case {"Literal": {"Dyn": {"Int": int() | float() as number} | {"Float": int() | float() as number}}}:
            return Ratio(f"{number:g}")
        case {"BinaryExpr": {"left": left, "op": str(op), "right": right}} if op in ARITHMETIC:
            first, second = _value(left), _value(right)
            return Ratio(f"({first.text} {ARITHMETIC[op]} {second.text})", _once(first.holds + second.holds))
        case {"Ternary": _}:
            return _chosen(_cases(node))
    raise Bug(f"boards: no InfluxQL for this part of a formula: {node}")


def _cases(node: Node) -> list[tuple[str, Node]]:
    """(condition, value) of each `when`; where none holds the value is null."""
    match node:
        case {"Ternary": {"predicate": condition, "truthy": value, "falsy": other}}:
            return [(_condition(condition), value), *_cases(other)]
        case {"Literal": {"Scalar": {"Null": _}}}:
            return []
    raise Bug(f"boards: a formula ends with a value and not with null: {node}")


def _chosen(cases: Sequence[tuple[str, Node]]) -> Ratio:
    found = [(condition, _value(value)) for condition, value in cases]
    computed = [value for _, value in found if value.text != "0"]
    if len(computed) != 1 or any(value.holds for value in computed if len(found) > 1):
        raise Bug(f"boards: a formula has {len(computed)} computed cases; InfluxQL can say one")
    any_of = " OR ".join(condition for condition, _ in found)
    return Ratio(computed[0].text, _once((f"({any_of})" if len(found) > 1 else any_of, *computed[0].holds)))


def _condition(node: Node) -> str:
    match node:
        case {"BinaryExpr": {"left": left, "op": "And", "right": right}}:
            parts = [part for part in (_condition(left), _condition(right)) if part]
            return f"({' AND '.join(parts)})" if len(parts) == 2 else "".join(parts)
        case {"BinaryExpr": {"left": left, "op": str(op), "right": right}} if op in COMPARED:
            return f"({_value(left).text} {COMPARED[op]} {_value(right).text})"
        case {"Function": {"input": [{"Column": _}], "function": {"Boolean": "IsNotNull"}}}:
            return ""  # an element that is missing makes no row
    raise Bug(f"boards: no InfluxQL for this condition of a formula: {node}")


def _once(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
