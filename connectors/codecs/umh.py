"""One UMH payload: `{"timestamp_ms", "value"}`, or the classic object with several keys.

Rule: the topic gives path and metric; only further keys of the classic form lengthen the metric's name.
"""

from connectors.codecs.json_samples import ABSENT, MAX_SAMPLES, Flaw, Rows, Spelled, read_json, settle, show
from connectors.codecs.topics import Route, legal_name
from pipeline.core.samples import Payload


def spell(route: Route, data: object) -> list[Spelled | Flaw] | Flaw:
    """The samples of a parsed payload; `route.below` is (groups and name joined with '.', name)."""
    if not isinstance(data, dict):
        return Flaw("bad_json", f"payload: holds no sample; got {show(data)}; expected an object")
    joined, name = route.below
    t = data.get("timestamp_ms", ABSENT)
    keys = [key for key in data if key != "timestamp_ms"]
    if len(keys) == 1 and (keys[0] == "value" or legal_name(keys[0]) == name):
        return [Spelled(route.unit, joined, t, data[keys[0]])]
    spelled: list[Spelled | Flaw] = []
    for key in keys[: MAX_SAMPLES + 1]:
        metric = legal_name(key) and legal_name(f"{joined}.{key}")
        bad = Flaw("bad_path", f"metric: no legal name; got {show(key)} after {joined!a}")
        spelled.append(Spelled(route.unit, metric, t, data[key]) if metric else bad)
    return spelled


def decode_umh(rows: Rows, route: Route, payload: Payload, index: int) -> None:
    data = read_json(payload.body)
    settle(rows, route, payload, index, data if isinstance(data, Flaw) else spell(route, data))
