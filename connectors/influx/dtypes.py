"""The types of InfluxDB's fields as columns have them."""

from collections.abc import Mapping

import polars as pl

from connectors.influx.measurements import FieldType

DTYPES: Mapping[FieldType, pl.DataType] = {
    "float": pl.Float64(), "integer": pl.Int64(), "string": pl.String(), "boolean": pl.Boolean(),
}  # fmt: skip
