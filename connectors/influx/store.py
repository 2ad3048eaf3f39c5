"""The store on InfluxDB 1.8 or 2: results and alerts as points, by identity, the newest revision of each.

Rules: what `write` returned for is on the server's disk, or is given back with the reason why it can never be. Where
the server is away, slow, full or refuses us, `Unavailable` is raised, and sending all of it again changes nothing.
Nothing is sent before the first write or read, so a server that is away stops no start.
"""

from collections.abc import Sequence
from operator import attrgetter

import polars as pl

from connectors.codecs import results_json
from connectors.influx.alerts import Alerts, alert_lines, alert_slip
from connectors.influx.measurements import MEASUREMENTS, FieldType, Measurement
from connectors.influx.points import points
from connectors.influx.queries import Queries
from connectors.influx.reading import below, is_below, read_results
from connectors.influx.revisions import Revisions
from connectors.influx.sending import Sender
from connectors.influx.series import Heads
from connectors.influx.settings import InfluxSettings
from connectors.influx.there import places, series_paths
from connectors.influx.wire import Wire
from pipeline.core.ports import Unstorable
from pipeline.core.results import Extent, Result, ResultKind, Transition


class InfluxStore:
    def __init__(self, settings: InfluxSettings, levels: Sequence[str]) -> None:
        self._levels = tuple(levels)
        self._wire = Wire(settings)
        self._queries, self._sender = Queries(self._wire), Sender(self._wire)
        self._alerts = Alerts(self._queries, self._levels)
        names = {measurement.name: measurement for measurement in MEASUREMENTS.values()}
        self._heads = {name: Heads(measurement, self._levels) for name, measurement in names.items()}
        self._revisions = {
            name: Revisions(self._queries, measurement, self._levels) for name, measurement in names.items()
        }
        self._types: dict[str, dict[str, FieldType]] | None = None

    def write(self, results: Sequence[Result], alerts: Sequence[Transition]) -> list[Unstorable]:
        self._sender.leave_alone()
        unstorable = [Unstorable(t, slip) for t in alerts if (slip := alert_slip(t))]
        current = {name: self._revisions[name].prepare(own) for name, own in _newest(results).items()}
        sources: list[Result | Transition] = []
        parts: list[pl.Series] = []
        for own in (part for all_kinds in current.values() for part in _by_kind(all_kinds)):
            measurement = MEASUREMENTS[own[0].kind]
            made = points(measurement, own, self._heads[measurement.name], self._stored_types(measurement))
            unstorable += [Unstorable(own[place], slip) for place, slip in sorted(made.slips.items())]
            parts.append(made.lines)
            sources += own
        placed = self._alerts.places([t for t in alerts if not alert_slip(t)])
        parts.append(alert_lines(placed, self._levels))
        sources += placed.values()
        unstorable += self._send(pl.concat(parts), sources)
        for name, own in current.items():
            self._revisions[name].note(own)
        return unstorable

    def _send(self, lines: pl.Series, sources: Sequence[Result | Transition]) -> list[Unstorable]:
        places = lines.is_not_null().arg_true()
        blamed = self._sender.send(lines.gather(places))
        return [Unstorable(sources[int(places[one.place])], one.words) for one in blamed]

    def _stored_types(self, measurement: Measurement) -> dict[str, FieldType]:
        """Of fields that are not declared; asked for once, then as we write them."""
        if self._types is None:
            self._types = self._queries.stored_types()
        return self._types.setdefault(measurement.name, {})

    def read(
        self,
        kind: ResultKind,
        equipment: str = "",
        since_ms: int | None = None,
        until_ms: int | None = None,
        window_s: int | None = None,
    ) -> pl.DataFrame:
        """Results of one kind at `equipment` and below, with since_ms <= window_start < until_ms."""
        if kind not in MEASUREMENTS:
            return results_json.read_table([])
        where = below(equipment, self._levels)
        where.between(since_ms, until_ms)
        return read_results(self._queries, kind, self._levels, where, window_s).filter(is_below(equipment))

    def read_alerts(
        self, equipment: str = "", since_ms: int | None = None, until_ms: int | None = None
    ) -> pl.DataFrame:
        """Transitions at `equipment` and below, with since_ms <= event_time_ms < until_ms."""
        return self._alerts.read(below(equipment, self._levels), since_ms, until_ms).filter(is_below(equipment))

    def equipment(self, kind: str) -> list[str]:
        """Paths that have results of one kind, sorted."""
        measurement = _measurement(kind)
        return series_paths(self._queries, measurement, self._levels) if measurement else []

    def extents(self, kind: str, equipment: str = "") -> list[Extent]:
        """What there is of one kind at `equipment` and below, shortest windows first."""
        measurement = _measurement(kind)
        if measurement is None:
            return []
        found = places(self._queries, measurement, self._levels, equipment)
        return [Extent(*row) for row in found.rows()]

    def close(self) -> None:
        self._wire.close()


def _measurement(kind: str) -> Measurement | None:
    return next((measurement for known, measurement in MEASUREMENTS.items() if known == kind), None)


def _newest(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Of each identity its newest revision, of equal ones the last, by measurement."""
    in_order = sorted(results, key=attrgetter("revision"))
    kept = {(r.kind, r.equipment, r.name, r.window_s, r.window_start, r.product or ""): r for r in in_order}
    found: dict[str, list[Result]] = {}
    for kind in dict.fromkeys([r.kind for r in in_order]):
        if kind in MEASUREMENTS:
            found.setdefault(MEASUREMENTS[kind].name, []).extend([r for r in kept.values() if r.kind == kind])
    return found


def _by_kind(results: Sequence[Result]) -> list[list[Result]]:
    """Scores last: what their point holds of them already goes with it."""
    parts = [[r for r in results if r.kind != "score"], [r for r in results if r.kind == "score"]]
    return [part for part in parts if part]
