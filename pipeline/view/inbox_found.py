"""The rows of the inbox as what a person is asked about: what was seen, the role it may have, why it cannot be named.

Rule: a role is suggested only where the configuration takes it: one state a unit, and one unit with a state where no
pace unit is named.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from pipeline.core.equipment import name_slip, path_slip
from pipeline.core.line_config import LineConfig, MetricConfig, Role
from pipeline.view.inbox import NO_NUMBER, UNKNOWN, VALUES, Series, named_series, number_series
from pipeline.view.inbox_roles import SINGLE, Guess, guessed
from pipeline.view.records import safe
from pipeline.view.tables import level_columns, time_text
from pipeline.view.words import Words

CUT = 14  # letters of texts on a screen
_NUMBER = re.compile(r"\s*[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?\s*")


@dataclass(frozen=True, slots=True)
class Found:
    """`rate` a second, None of a single sample; `slip`: why no file can declare it; `codes` of a state that is declared
    and says what they do not know."""

    line: str
    unit: str
    metric: str
    kind: str
    rate: float | None
    least: float | None
    most: float | None
    values: tuple[str, ...]
    guess: Guess | None
    slip: str
    codes: Mapping[str, str] = field(default_factory=dict)

    @property
    def role(self) -> str:
        return "" if self.guess is None else self.guess.role + ("" if self.guess.sure else "?")

    @property
    def quoted(self) -> str:
        """A number that it sends as text, where all its texts are some and no role says that they are names; or ""."""
        is_some = self.kind == "text" and self.values and all(map(_NUMBER.fullmatch, self.values))
        return self.values[0] if is_some and self.guess is None else ""


@dataclass(slots=True)
class Roles:
    """Roles that are taken: (line, unit) -> roles; lines in which one unit's state is the line's. `named`: declared
    states and modes."""

    of_unit: dict[tuple[str, str], set[Role]] = field(default_factory=dict)
    paced: set[str] = field(default_factory=set)
    named_pace: frozenset[str] = frozenset()
    named: Mapping[Series, MetricConfig] = field(default_factory=dict)
    numbers: Mapping[Series, MetricConfig] = field(default_factory=dict)

    def settled(self, line: str, unit: str, guess: Guess | None) -> Guess | None:
        """The guess, less sure where the role is taken; what is sure takes it."""
        if guess is None or not guess.sure:
            return guess
        taken = self.of_unit.setdefault((line, unit), set())
        is_second_pace = guess.role == "state" and line in self.paced and line not in self.named_pace
        if is_second_pace or (guess.role in SINGLE and guess.role in taken):
            return guess._replace(sure=False)
        taken.add(guess.role)
        if guess.role == "state":
            self.paced.add(line)
        return guess


def roles_of(lines: Sequence[LineConfig], named_pace: frozenset[str]) -> Roles:
    """`named_pace`: paths of lines whose file names the pace unit."""
    roles = Roles(named_pace=named_pace, named=named_series(lines), numbers=number_series(lines))
    for line in lines:
        for unit in line.units:
            roles.of_unit[line.path, unit.name] = {metric.role for metric in unit.metrics}
            if "state" in roles.of_unit[line.path, unit.name]:
                roles.paced.add(line.path)
    return roles


def found_in(table: pl.DataFrame, levels: Sequence[str], roles: Roles, words: Words) -> list[Found]:
    """One a row of `inbox_table`, in its order."""
    columns = ("line", "unit", "metric", "kind", "rate", "min", "max", "values", "whole")
    found = []
    for line, unit, metric, kind, rate, least, most, values, whole in zip(
        *(table[name].to_list() for name in columns), strict=True
    ):
        if kind == UNKNOWN:
            metric_of = roles.named[line, unit, metric]
            known = Guess(metric_of.role, True)
            found.append(Found(line, unit, metric, kind, rate, None, None, tuple(values), known, "", metric_of.codes))
            continue
        if kind == NO_NUMBER:
            role = Guess(roles.numbers[line, unit, metric].role, True)
            cure = words.said("text_for_number_cure", safe(values[0]))
            found.append(Found(line, unit, metric, kind, rate, None, None, tuple(values), role, cure))
            continue
        codes = (least, most) if kind == "number" and whole and least is not None else None
        slip = _slip(line, unit, metric, levels, words)
        guess = None if slip else roles.settled(line, unit, guessed(metric, kind, values, codes))
        found.append(Found(line, unit, metric, kind, rate, least, most, tuple(values), guess, slip))
    return found


def _slip(line: str, unit: str, metric: str, levels: Sequence[str], words: Words) -> str:
    names = line.count("/") + 1
    if not unit:
        return words["no_unit"]
    if slip := path_slip(line) or name_slip(unit) or name_slip(metric):
        return words.said("no_name", slip)
    return "" if names == len(levels) - 1 else words.said("no_levels", names, len(levels) - 1)


def with_roles(table: pl.DataFrame, found: Sequence[Found], levels: Sequence[str]) -> pl.DataFrame:
    """The table for people and programs: time of the newest sample, levels, name, what was seen, suggested role."""
    path = pl.concat_str("line", pl.when(pl.col("unit") != "").then("unit"), separator="/", ignore_nulls=True)
    return table.select(
        time_text("last_t").alias("time"),
        *level_columns(path, levels),
        pl.col("metric").alias("name"),
        "kind", "count", "rate", "min", "max",
        pl.coalesce(pl.col("last").cast(pl.String).str.strip_suffix(".0"), "last_text").alias("last"),
        _shown("values"),
        time_text("first_t").alias("first_time"),
        pl.Series("role", [one.role for one in found], dtype=pl.String),
    )  # fmt: skip


def for_screen(table: pl.DataFrame, levels: Sequence[str], words: Words) -> pl.DataFrame:
    """What fits side by side: whole seconds, and range or texts as one column; the lines to paste tell the rest."""
    ends = (pl.col(name).round_sig_figs(5).cast(pl.String).str.strip_suffix(".0") for name in ("min", "max"))
    least, most = (end.str.replace(".", words.written("."), literal=True) for end in ends)
    texts = pl.col("values")
    cut = pl.when(texts.str.len_chars() > CUT).then(texts.str.head(CUT - 1) + "…").otherwise(texts)
    is_text = pl.col("kind").is_in(["text", UNKNOWN, NO_NUMBER])
    return table.select(
        pl.col("time").str.replace(r"\.\d{3}Z$", ".000Z"),
        *levels, "name", "kind", "count", pl.col("rate").round_sig_figs(3),
        pl.when(is_text).then(cut).otherwise(pl.format("{} … {}", least, most)).alias("range"),
        "role",
    )  # fmt: skip


def _shown(name: str) -> pl.Expr:
    """The first texts, with dots where there are more."""
    more = pl.when(pl.col(name).list.len() > VALUES).then(pl.lit(", …")).otherwise(pl.lit(""))
    return (pl.col(name).list.head(VALUES).list.join(", ") + more).alias(name)
