"""The summary of a run (`--summary FILE`): what was sent, what came of it, and what the truth says.

Rule: figures of a line go over its closed 10-s windows that begin after its first state and counter sample, truth over
the same windows; sums first, ratios last.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypedDict

import polars as pl

from connectors.local_store import LocalStore
from pipeline.core.ledger import FIELDS
from pipeline.steps.kpis import apply, known_kpis
from simulators.faults import Fault
from simulators.plant import Plant

WINDOW_MS = 10_000
KPIS = ("oee", "availability", "effectiveness", "quality_ratio")
Figures = dict[str, float | int | None]
Window = tuple[int, int]


class Alert(TypedDict):
    id: str
    alarm: str
    equipment: str
    raised_ms: int
    cleared_ms: int | None
    fault: str | None


def ledger_totals(store: LocalStore) -> dict[str, int]:
    """Sums of every row of the ledger; zeros where there is none yet."""
    found = store.read("ledger")
    return {name: int(found[name].sum()) if name in found.columns else 0 for name in FIELDS}


def samples(before: Mapping[str, int], after: Mapping[str, int], sent: int) -> dict[str, int]:
    """The ledger of this run; `gap` is what was sent and did not end anywhere."""
    gone = {name: after[name] - before[name] for name in FIELDS if name not in ("gap", "undated", "waiting")}
    gap = sent - gone["stored"] - gone["expired"] - gone["rejected"]
    return {"sent": sent, **gone, "waiting": after["waiting"], "gap": gap}


def first_window(known_from: int) -> int:
    """Start of the first 10-s window behind the line's first state and counter sample."""
    return (known_from // WINDOW_MS + 1) * WINDOW_MS


def line_elements(store: LocalStore, path: str, since_ms: int, until_ms: int) -> pl.DataFrame:
    """Closed 10-s windows of the line and its units, in order."""
    return store.read("elements", path, since_ms, until_ms - WINDOW_MS + 1, WINDOW_MS // 1000).sort("window_start")


def windows_of(elements: pl.DataFrame) -> list[Window]:
    return [(start, start + WINDOW_MS) for start in elements["window_start"].unique().sort().to_list()]


def line_figures(elements: pl.DataFrame, path: str) -> Figures:
    """Those of the line itself, all null where it makes nothing; energy is that of its units."""
    own, units = (elements.filter((pl.col("equipment") == path) == is_own) for is_own in (True, False))
    used = int(units["energy_wh"].sum()) if "energy_wh" in units.columns else 0
    if own.is_empty():
        return {**dict.fromkeys(KPIS), "parts": 0, "energy_wh": used}
    needed = {name for kpi in known_kpis() for name in kpi.needs}
    sums = own.select((pl.col(name).sum() if name in own.columns else pl.lit(0)).alias(name) for name in sorted(needed))
    kpis = apply(sums)
    return {**{name: kpis[name][0] for name in KPIS}, "parts": int(own["pq"].sum()), "energy_wh": used}


def alerts(store: LocalStore, faults: Sequence[Fault], since_ms: int) -> list[Alert]:
    """Incidents raised in this run, each with the fault it belongs to."""
    found = store.read_alerts("", since_ms)
    out: dict[str, Alert] = {}
    columns = ("id", "alarm", "equipment", "state", "event_time_ms", "raised_ms")
    if found.is_empty():
        return []
    found = found.filter(pl.col("raised_ms") >= since_ms)
    for id_, alarm, equipment, state, event_ms, raised_ms in zip(
        *(found.sort("event_time_ms", "transition")[name].to_list() for name in columns), strict=True
    ):
        if id_ not in out:
            fault = _fault_of(faults, alarm, equipment, raised_ms)
            out[id_] = Alert(
                id=id_, alarm=alarm, equipment=equipment, raised_ms=raised_ms, cleared_ms=None,
                fault=None if fault is None else fault.fault_id,
            )  # fmt: skip
        if state == "norm":
            out[id_]["cleared_ms"] = event_ms
    return list(out.values())


def _fault_of(faults: Sequence[Fault], alarm: str, equipment: str, raised_ms: int) -> Fault | None:
    fits = [f for f in faults if f.rule == alarm and f.equipment == equipment and f.t_on_ms <= raised_ms]
    return max(fits, key=lambda fault: fault.t_on_ms, default=None)


def labels(faults: Sequence[Fault]) -> list[dict[str, object]]:
    names = ("fault_id", "equipment", "t_on_ms", "t_off_ms", "rule")
    return [{name: getattr(fault, name) for name in names} for fault in faults]


def fault_rows(faults: Sequence[Fault], raised: Sequence[Alert]) -> list[dict[str, object]]:
    """Each fault with how many incidents it raised."""
    alarmed = Counter(alert["fault"] for alert in raised)
    return [{**label, "alarmed": alarmed[fault.fault_id]} for label, fault in zip(labels(faults), faults, strict=True)]


def of_plant(plant: Plant, is_paced: bool = True) -> dict[str, object]:
    """What a plant alone knows of a run: what it sent, and the truth over whole windows until now. How many come too
    late is known where messages had a pace: else one frame spans more time than lateness allows."""
    expected = {fate: n for fate, n in plant.expected.items() if is_paced or fate not in ("expired", "corrected")}
    lines = {}
    for path, truth in plant.truth.items():
        starts = range(first_window(truth.known_from), plant.now_ms - WINDOW_MS + 1, WINDOW_MS)
        lines[path] = {"truth": truth.elements([(start, start + WINDOW_MS) for start in starts]).figures()}
    return {
        "samples": {"sent": plant.sent},
        "lines": lines,
        "faults": labels(plant.faults),
        "expected": expected,
        "seconds": (plant.now_ms - plant.start_ms) / 1000,
    }


def latency(sent_at: Mapping[int, float], seen: Mapping[int, float], lateness_ms: int) -> dict[str, float | None]:
    """p50 and p99 in ms, from the tick that brought the event time which let a window close to its result."""
    waits = [
        (wall - sent_at[tick]) * 1000
        for end_ms, wall in seen.items()
        if (tick := -(-(end_ms + lateness_ms + 1) // 100) * 100) in sent_at and wall >= sent_at[tick]
    ]
    if not waits:
        return {"p50": None, "p99": None}
    column = pl.Series(waits)
    return {"p50": column.quantile(0.5), "p99": column.quantile(0.99)}
