"""What each kind of result is in InfluxDB: its measurement, the tags that its name becomes, the types of its fields.

Rules: a field has one type for ever, because the server checks it within a shard only; what is not declared is a float,
or a text where it came as one. A name or window that every point of a measurement has is no tag.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.core.ledger import FIELDS
from pipeline.core.results import ResultKind

FieldType = Literal["float", "integer", "string", "boolean"]

LEVEL, WINDOW, PRODUCT, DETECTOR = "level", "window", "product", "detector"
OWN_TAGS = frozenset({LEVEL, WINDOW, PRODUCT, DETECTOR, "metric", "name", "gateway", "alarm", "priority", "machine"})
BESIDE: Mapping[str, FieldType] = {"coverage": "float", "formula": "string", "revision": "integer"}
"""What a result has beside its values, as fields."""
RESERVED = frozenset({"equipment", "window_s", "window_start", "time", *OWN_TAGS, *BESIDE})
"""Values of these names are left out, as they are where any store is read."""
SCORES = ("ewma", "score")
_UNITS = (("h", 3600), ("m", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Measurement:
    """`tag`: what the name of a result becomes where it is not `usual_name`; with `has_detector` it is tag/detector.
    `types` of the declared fields; `is_whole`: each revision of a point has all fields of the one before;
    `in_seconds`: values `<x>_ms` are fields `<x>_s`."""

    name: str
    tag: str
    types: Mapping[str, FieldType]
    usual_name: str = ""
    usual_window: int = -1
    has_detector: bool = False
    is_whole: bool = False
    in_seconds: bool = False

    @property
    def tags(self) -> tuple[str, ...]:
        """Beside the levels."""
        return (self.tag, WINDOW, PRODUCT, *([DETECTOR] if self.has_detector else []))

    def may_hold(self, value: str) -> bool:
        """Whether a value of this name is a field: no tag has its name, but for those that are declared so."""
        return value not in RESERVED or value in self.types.keys() - BESIDE.keys()


def _types(fields: Mapping[str, FieldType]) -> Mapping[str, FieldType]:
    return {**BESIDE, **fields}


_STATISTICS: Mapping[str, FieldType] = dict.fromkeys(("mean", "min", "max", "last", "sd", *SCORES), "float")
_METRICS = Measurement("metrics", "metric", _types({"count": "integer", **_STATISTICS}))
MEASUREMENTS: Mapping[ResultKind, Measurement] = {
    "metric": _METRICS,
    "score": _METRICS,
    "elements": Measurement("elements", "name", _types({}), usual_name="elements", in_seconds=True),
    "kpi": Measurement("kpis", "name", _types({}), usual_name="kpis"),
    "anomaly": Measurement(
        "anomalies",
        "metric",
        _types({"score": "float", "level": "integer", "open": "integer", "contributors": "string"}),
        has_detector=True,
        is_whole=True,
    ),
    "state": Measurement(
        "states",
        "metric",
        _types({"state": "string", "reason": "string"}),
        usual_name="state",
        usual_window=0,
        is_whole=True,
    ),
    "ledger": Measurement(
        "ledger", "gateway", _types(dict.fromkeys(FIELDS, "integer")), usual_window=3600, is_whole=True
    ),
}
"""`progress` is for the notifier and is not stored."""
NO_LEVELS = RESERVED | {name for measurement in MEASUREMENTS.values() for name in measurement.types}
"""Names that no level of the equipment may have, for a tag and a field of one name are told apart by nobody."""


def window_name(seconds: int) -> str:
    """
    >>> window_name(10), window_name(900), window_name(28_800), window_name(0)
    ('10s', '15m', '8h', '0s')
    """
    size, unit = next(((n, u) for u, n in _UNITS if seconds and seconds % n == 0), (1, "s"))
    return f"{seconds // size}{unit}"


def window_seconds(name: str) -> int:
    """
    >>> window_seconds("15m")
    900
    """
    return int(name[:-1]) * dict(_UNITS)[name[-1]]


def level_of(depth: int, levels: int) -> str:
    """What stands at this depth: a unit, or all above it, which is never summed with units."""
    return "unit" if depth >= levels else "line"
