"""Samples of states and modes that no table knows: counted, unclassified, and said as the machine says them."""

import pytest

from pipeline.core.frames import END
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, line_config, told

SENT = {  # two a second
    "state": [
        "execute",
        "execute",
        "RUNING",
        "Rennt",
        "Rennt",
        "RUNING",
        6.0,
        6.0,
        42.0,
        "undefined",
        "Held",
        "RUNING",
    ],
    "mode": ["production", "production", "prodction", "prodction", "production"],
    "temp": [70.0] * 28,
}


def log():
    gateway, entries = Gateway("park/line-1"), [configuration(line_config(), 0, T0)]
    for second in range(14):
        rows = [
            ("filler", metric, "", T0 + n * 500, values[n], 0, 0)
            for metric, values in SENT.items()
            for n in range(2 * second, min(2 * second + 2, len(values)))
        ]
        flags = END if second == 13 else 0
        entries.append(
            Entry(second + 1, T0 + second * 1000, "park/line-1", gateway.frame(rows, T0 + second * 1000, flags))
        )
    return entries


@pytest.mark.parametrize("size", [1, 2, 5, 13])
def test_each_sample_that_nobody_knows_is_counted_once_however_the_log_is_cut(size):
    entries, state, counted = log(), PartitionState(), 0
    for at in range(0, len(entries), size):
        state, out = step(state, entries[at : at + size])
        counted += out.counts.get("unknown_states", 0)
    assert counted == 5 + 1 + 2


def test_what_nobody_knows_is_unclassified_and_said_as_the_machine_says_it():
    state, out = step(PartitionState(), log())
    results = [result for _, results, _ in told(state, out) for result in results]
    said = [result.values["state"] for result in results if result.kind == "state"]
    assert said == ["execute", "runing", "rennt", "runing", "execute", "42", "undefined", "held", "runing"]
    (elements,) = [r for r in results if r.kind == "elements" and r.window_s == 10 and r.equipment.endswith("filler")]
    assert (elements.values["apt_ms"], elements.values["unclassified_ms"]) == (2_000, 7_500)
