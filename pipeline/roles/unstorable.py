"""What a store can never take, as records of `rejects.v1`: the results or the alert as they were, and the reason.

Rule: one record for what shares equipment and reason, so that a flood of a kind is a few records.
"""

from collections.abc import Sequence

from connectors.codecs import alerts_json, results_json
from pipeline.core.ports import Outgoing, Unstorable
from pipeline.core.results import Result, Transition
from pipeline.roles.reading import REJECTS

MOST = 1_000  # results in one record


def rejects(found: Sequence[Unstorable]) -> list[Outgoing]:
    results: dict[tuple[str, str], list[Result]] = {}
    out: list[Outgoing] = []
    for one in found:
        if isinstance(one.what, Transition):
            out.append(_reject(one.what.equipment, "alerts.v1", one.why, alerts_json.encode(one.what), 1))
        else:
            results.setdefault((one.what.equipment, one.why), []).append(one.what)
    for (equipment, why), own in results.items():
        for k in range(0, len(own), MOST):
            part = own[k : k + MOST]
            out.append(_reject(equipment, "results.v1", why, results_json.encode(part), len(part)))
    return out


def _reject(equipment: str, topic: str, why: str, value: bytes, count: int) -> Outgoing:
    headers = (
        ("reason", b"poison"),
        ("sentence", f"store: it can never take this: {why}; put aside".encode()),
        ("samples", str(count).encode()),
        ("topic", topic.encode()),
    )
    return Outgoing(REJECTS, equipment.encode(), value, headers)
