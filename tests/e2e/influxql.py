"""What stands in an InfluxDB, asked for in InfluxQL over plain HTTP: none of our code is between, as for a board.

Rule: points become the rows that every store gives, by what is promised of measurements, tags and fields alone.
"""

import json
from dataclasses import dataclass

import polars as pl

from tests.contract.influx import ask

WINDOWS = {1: "1s", 10: "10s", 60: "1m", 900: "15m"}


@dataclass(frozen=True)
class Asked:
    url: str
    database: str
    levels: tuple[str, ...]

    def points(self, statement: str) -> pl.DataFrame:
        """Columns as the server gives them, tags and fields by their names, `time` in ms."""
        (answer,) = json.loads(ask(self.url, statement, self.database))["results"]
        assert "error" not in answer, answer
        if "series" not in answer:
            return pl.DataFrame()
        (series,) = answer["series"]
        return pl.DataFrame(series["values"], series["columns"], orient="row", infer_schema_length=None)

    def read(
        self, kind: str, equipment: str = "", since_ms: int | None = None, until_ms: int | None = None,
        window_s: int | None = None,
    ) -> pl.DataFrame:  # fmt: skip
        """Points at `equipment` and below; times of elements in ms, as they came."""
        tags = dict(zip(self.levels, equipment.split("/") if equipment else (), strict=False))
        tags |= {} if window_s is None else {"window": WINDOWS[window_s]}
        conditions = [f"\"{name}\" = '{value}'" for name, value in tags.items()]
        conditions += [] if since_ms is None else [f"time >= {since_ms}ms"]
        conditions += [] if until_ms is None else [f"time < {until_ms}ms"]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        found = self.points(f'SELECT * FROM "{kind}"{where}')
        if found.is_empty():
            return pl.DataFrame(schema={"equipment": pl.String, "window_start": pl.Int64})
        path = pl.concat_str(
            [pl.col(level) for level in self.levels if level in found.columns], separator="/", ignore_nulls=True
        )
        times = [name for name in found.columns if name.endswith("_s")]
        exact = [(pl.col(name) * 1000).round(0 if name != "ideal_s" else 9).alias(f"{name[:-2]}_ms") for name in times]
        return found.with_columns(path.alias("equipment"), pl.col("time").alias("window_start"), *exact)
