"""One payload of the own family, in any of its forms, by all the rules.

Rule: what `own_fast` reads must come out of here bit for bit the same; this is the definition, that the short cut.
"""

from connectors.codecs.json_samples import ABSENT, MAX_SAMPLES, Flaw, Rows, Spelled, read_json, settle, show
from connectors.codecs.topics import Route, legal_name
from pipeline.core.samples import Payload

_RESERVED = frozenset(("timestamp_ms", "value", "quality", "seq"))


def place(below: tuple[str, ...], metric: object) -> tuple[str, str] | Flaw:
    """(unit, metric) of a name in a payload whose topic ends at the line (`below` empty) or at a unit."""
    parts = metric.split("/") if isinstance(metric, str) else []
    names = [legal_name(part) for part in (*below, *parts)]
    if parts and 1 <= len(names) <= 2 and names[0] and names[-1]:
        return ("" if len(names) == 1 else names[0]), names[-1]
    expected = "expected a metric" if below else "expected a metric, or unit/metric"
    return Flaw("bad_path", f"metric: no legal name; got {show(metric)}; {expected}")


def spell(below: tuple[str, ...], data: object) -> list[Spelled | Flaw] | Flaw:
    """Tells the three forms apart and spells out their samples."""
    if isinstance(data, list):
        if len(below) > 1:
            return Flaw("bad_path", "topic: deeper than a unit; expected a batch at a line or unit")
        return [_spell_item(below, item) for item in data[: MAX_SAMPLES + 1]]
    if not isinstance(data, dict):
        return Flaw("bad_json", f"payload: holds no sample; got {show(data)}; expected an array or an object")
    t, q, s = data.get("timestamp_ms", ABSENT), data.get("quality", 0), data.get("seq", 0)
    if "value" in data and data.keys() <= _RESERVED:
        if not below:
            return Flaw("bad_path", "topic: names no metric; expected <path>/<metric> for an object with `value`")
        return [Spelled(below[0] if len(below) == 2 else "", below[-1], t, data["value"], q, s)]
    metrics = [key for key in data if key not in ("timestamp_ms", "quality", "seq")]
    if metrics and len(below) > 1:
        return Flaw("bad_path", "topic: deeper than a unit; expected an object with `value`, or a topic without metric")
    spelled: list[Spelled | Flaw] = []
    for key in metrics[: MAX_SAMPLES + 1]:
        where = place(below, key) if legal_name(key) else Flaw("bad_path", f"metric: no legal name; got {show(key)}")
        spelled.append(where if isinstance(where, Flaw) else Spelled(*where, t, data[key], q, s))
    return spelled


def _spell_item(below: tuple[str, ...], item: object) -> Spelled | Flaw:
    if not isinstance(item, dict):
        return Flaw("bad_json", f"sample: no object; got {show(item)}; expected t, m, v")
    where = place(below, item.get("m", ABSENT))
    if isinstance(where, Flaw):
        return where
    return Spelled(*where, item.get("t", ABSENT), item.get("v", ABSENT), item.get("q", 0), item.get("s", 0))


def decode_own(rows: Rows, route: Route, payload: Payload, index: int) -> None:
    data = read_json(payload.body)
    settle(rows, route, payload, index, data if isinstance(data, Flaw) else spell(route.below, data))
