"""Results <-> series: the tags that say whose point it is, and the head of its lines.

Rules: tags are the levels of the equipment by name, `level`, and what the measurement lists; what does not apply is no
tag. From the tags a result's identity comes back whole. Heads are made once for each series.
"""

from collections.abc import Sequence

import polars as pl

from connectors.codecs.influx_lines import heads
from connectors.influx.measurements import (
    DETECTOR,
    LEVEL,
    PRODUCT,
    WINDOW,
    Measurement,
    level_of,
    window_name,
    window_seconds,
)  # fmt: skip
from connectors.influx.queries import TAG
from pipeline.core.results import Result

Identity = tuple[str, str, int, str]
"""Equipment, name, window_s, product ("" = all): with a measurement and a time, a point."""
MOST_HEADS = 500_000


def path_tags(equipment: str, levels: Sequence[str]) -> dict[str, str]:
    """All levels, "" where they do not apply; what is deeper than all levels stays in the last."""
    names = equipment.split("/", len(levels) - 1)
    return {level: names[k] if k < len(names) else "" for k, level in enumerate(levels)}


def tags_of(measurement: Measurement, identity: Identity, levels: Sequence[str]) -> dict[str, str]:
    """All tags, "" where one does not apply."""
    equipment, name, window_s, product = identity
    found = path_tags(equipment, levels)
    shown, _, detector = name.rpartition("/") if measurement.has_detector else (name, "", "")
    if not shown or not detector:
        shown, detector = name, ""
    found[LEVEL] = level_of(equipment.count("/") + 1, len(levels))
    found[measurement.tag] = "" if shown == measurement.usual_name else shown
    found[WINDOW] = "" if window_s == measurement.usual_window else window_name(window_s)
    found[PRODUCT] = product
    return found | ({DETECTOR: detector} if measurement.has_detector else {})


def identities(table: pl.DataFrame, measurement: Measurement, levels: Sequence[str]) -> pl.DataFrame:
    """Columns equipment, name, window_s, window_start, product (null = all) of what was read with all tags."""
    empty = pl.lit(None, pl.String)
    tags = {name: pl.col(f"{TAG}{name}").replace("", None) for name in (*levels, *measurement.tags)}
    shown = pl.coalesce(tags[measurement.tag], pl.lit(measurement.usual_name))
    windows = {window: window_seconds(window) for window in table[f"{TAG}{WINDOW}"].unique() if window}
    return table.select(
        pl.concat_str([tags[level] for level in levels], separator="/", ignore_nulls=True).alias("equipment"),
        pl.concat_str([shown, tags.get(DETECTOR, empty)], separator="/", ignore_nulls=True).alias("name"),
        tags[WINDOW].replace_strict(windows, default=measurement.usual_window, return_dtype=pl.Int64).alias("window_s"),
        pl.col("time").alias("window_start"),
        tags[PRODUCT].alias("product"),
    )


class Heads:
    """The heads of one measurement's lines, by identity."""

    def __init__(self, measurement: Measurement, levels: Sequence[str]) -> None:
        self._measurement, self._levels = measurement, levels
        self._known: dict[Identity, str] = {}

    def of(self, results: Sequence[Result]) -> pl.Series:
        """One a result; "" where a tag's value cannot be written: a backslash at its end would take in what follows."""
        known = self._known.get
        found = pl.Series([known((r.equipment, r.name, r.window_s, r.product or "")) for r in results], dtype=pl.String)
        if found.null_count() == 0:
            return found
        wanted = [(r.equipment, r.name, r.window_s, r.product or "") for r in results]
        if len(self._known) > MOST_HEADS:
            self._known.clear()
        new = [identity for identity in dict.fromkeys(wanted) if identity not in self._known]
        self._known.update(zip(new, self._made(new), strict=True))
        return pl.Series([self._known[identity] for identity in wanted], dtype=pl.String)

    def _made(self, new: Sequence[Identity]) -> list[str]:
        rows = [tags_of(self._measurement, identity, self._levels) for identity in new]
        columns = {name: pl.Series(name, [row[name] for row in rows], pl.String) for name in rows[0]}
        bad = pl.Series([any(value.endswith("\\") for value in row.values()) for row in rows])
        return heads(self._measurement.name, columns).set(bad, "").to_list()
