"""One Telegraf payload in JSON: a metric `{"name", "timestamp", "tags", "fields"}`, or `{"metrics": [...]}` of them.

Rule: a field is a sample, named name.field (`value`: name). The topic gives the path; what it does not name comes from
the tag `equipment`, the path of the equipment from the top, which must agree with the topic. Other tags are not read.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from connectors.codecs.json_samples import ABSENT, MAX_SAMPLES, Flaw, Rows, Spelled, read_json, settle, show
from connectors.codecs.stamps import read_stamp
from connectors.codecs.topics import MAX_NAME, MAX_TOPIC_BYTES, REMEMBERED, Route, legal_name, quote
from pipeline.core.samples import Name, Payload

EQUIPMENT = "equipment"  # the tag


@lru_cache(REMEMBERED)
def _place(below: tuple[str, ...], equipment: str) -> tuple[str, str] | Flaw:
    """(line, unit) from the levels that the topic names, the others being "", and the tag ("": there is none)."""
    path = list(below)
    if equipment and not all(path):
        names = equipment.split("/")
        expected = f"expected a path of at most {len(path)} levels that agrees with the topic"
        wrong = Flaw("bad_path", f"tag equipment: no path of this topic; got {quote(equipment)}; {expected}")
        if len(names) > len(path):
            return wrong
        for level, raw in enumerate(names):
            name = legal_name(raw)
            if name is None or path[level] not in ("", name):
                return wrong
            path[level] = name
    if not all(path[:-1]):
        expected = "expected the tag equipment with the path from the top to the line or unit"
        return Flaw("bad_path", f"tag equipment: no path to a line; got {quote(equipment)}; {expected}")
    return "/".join(path[:-1]), path[-1]


def name_of(below: tuple[str, ...], equipment: str, measurement: str, key: str) -> Name | Flaw:
    """The series of one field."""
    if len(equipment) > MAX_TOPIC_BYTES:
        return Flaw("bad_path", f"tag equipment: too long; expected at most {MAX_TOPIC_BYTES} characters")
    if len(measurement) > 4 * MAX_NAME or len(key) > 4 * MAX_NAME:
        return Flaw("bad_path", f"metric: name and field too long; expected at most {MAX_NAME} characters in all")
    return _name_of(below, equipment, measurement, key)


@lru_cache(REMEMBERED)
def _name_of(below: tuple[str, ...], equipment: str, measurement: str, key: str) -> Name | Flaw:
    where = _place(below, equipment)
    if isinstance(where, Flaw):
        return where
    metric = legal_name(measurement) and key and legal_name(measurement if key == "value" else f"{measurement}.{key}")
    if metric:
        return Name(*where, metric)
    got = f"got {quote(key)} of {quote(measurement)}"
    return Flaw("bad_path", f"metric: no legal name; {got}; expected 1 to 64 letters, digits, '-', '_', '.' in all")


def spell_fields(
    route: Route, equipment: str, measurement: str, stamp: object, fields: Iterable[tuple[str, object]]
) -> list[Spelled | Flaw]:
    """The samples of one metric, all of one time."""
    time = (ABSENT, 0) if stamp is ABSENT else read_stamp(stamp)
    if isinstance(time, Flaw):
        return [time for _ in fields]
    spelled: list[Spelled | Flaw] = []
    for key, value in fields:
        name = name_of(route.below, equipment, measurement, key)
        if isinstance(name, Name):
            spelled.append(Spelled(name.unit, name.metric, time[0], value, 0, time[1], name.line))
        else:
            spelled.append(name)
    return spelled


def spell(route: Route, data: object) -> list[Spelled | Flaw] | Flaw:
    if not isinstance(data, dict):
        return Flaw("bad_json", f"payload: holds no sample; got {show(data)}; expected an object")
    metrics = data.get("metrics", [data])
    if not isinstance(metrics, list):
        return Flaw("bad_json", f"metrics: no array; got {show(metrics)}; expected an array of metrics")
    spelled: list[Spelled | Flaw] = []
    for metric in metrics:
        if len(spelled) > MAX_SAMPLES:
            break
        spelled += _spell_metric(route, metric)
    return spelled


def _spell_metric(route: Route, metric: object) -> Sequence[Spelled | Flaw]:
    if not isinstance(metric, dict):
        return [Flaw("bad_json", f"metric: no object; got {show(metric)}; expected name, timestamp, tags, fields")]
    name, fields, tags = metric.get("name", ABSENT), metric.get("fields", ABSENT), metric.get("tags", {})
    equipment = tags.get(EQUIPMENT, "") if isinstance(tags, dict) else tags
    if not isinstance(fields, dict) or not fields:
        return [Flaw("bad_json", f"fields: hold no sample; got {show(fields)}; expected an object of values")]
    if not isinstance(name, str):
        return [Flaw("bad_path", f"name: no text; got {show(name)}; expected the name of a measurement")] * len(fields)
    if not isinstance(equipment, str):
        flaw = Flaw("bad_path", f"tag equipment: no text; got {show(equipment)}; expected tags with texts as values")
        return [flaw] * len(fields)
    return spell_fields(route, equipment, name, metric.get("timestamp", ABSENT), fields.items())


def decode_telegraf(rows: Rows, route: Route, payload: Payload, index: int) -> None:
    data = read_json(payload.body)
    settle(rows, route, payload, index, data if isinstance(data, Flaw) else spell(route, data))
