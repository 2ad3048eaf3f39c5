"""A real InfluxDB that did what it was asked and never said so, takes some lines only, or takes no large body."""

import random
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from itertools import count
from math import inf
from pathlib import Path

import pytest

from connectors.codecs import alerts_json, results_json
from connectors.influx.settings import InfluxSettings
from connectors.influx.store import InfluxStore
from connectors.influx.wire import Wire
from connectors.memory_store import MemoryStore
from connectors.services.influxdb import furnish
from connectors.services.run_folder import free_port
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Outgoing
from pipeline.core.results import Result, Transition
from pipeline.roles.historian import Historian
from pipeline.runtime.instruments import Instruments
from tests.contract.test_sink import is_equal
from tests.faults.record import record
from tests.integration.gap import Gap
from tests.integration.test_influx_faults import LEVELS, T0, Chain, own_influxd, results

pytestmark = pytest.mark.real
ALERT = Transition(
    id="i1", transition=0, alarm="cold", equipment="s/l/u", priority=1, state="unack", previous="norm",
    event_time_ms=T0, raised_ms=T0, value=1.0, threshold=2.0, uom="", message_en="", message_vi="", advice_en="",
    advice_vi="", incident="i1", revision=0, announced=True,
)  # fmt: skip
KPIS = [Result("kpi", "s/l", "kpis", 10, T0 + k * 10_000, None, 0, {"oee": k / 8, "mtbf": 3.5}) for k in range(5_000)]


@pytest.fixture
def gap(tmp_path: Path) -> Iterator[Gap]:
    port = free_port(set())
    with own_influxd(tmp_path, port, auth=False), Gap(free_port({port}), port) as found:
        furnish(port)
        yield found


def raised(chain: Chain, alert: Transition) -> None:
    writer = chain.log.writer()
    writer.write([Outgoing("alerts.v1", b"s/l", alerts_json.encode(alert))])
    writer.flush()


def rejects(chain: Chain) -> list[tuple[str, list[Result]]]:
    """Sentences, and the results as they were."""
    found = chain.log.reader("rejects.v1", "looks").poll(0.0)
    return [(dict(one.headers)["sentence"].decode(), results_json.decode(one.value)) for one in found]


def export(settings: InfluxSettings) -> list[str]:
    """All series as the server says them."""
    with closing(Wire(settings)) as wire:
        return [wire.query(f'SELECT * FROM "{name}" GROUP BY *', {}).text for name in ("metrics", "kpis", "alerts")]


@pytest.mark.parametrize("seed", range(3))
def test_row_23_the_log_read_again_from_any_place_leaves_the_newest_revision_and_each_byte_as_it_was(
    gap: Gap, seed: int
) -> None:
    """By historians that remember nothing of what was stored before, on a store that others have filled."""
    dice, settings = random.Random(seed), InfluxSettings(f"http://127.0.0.1:{gap.to}")
    chain, plain = Chain(settings), MemoryStore()
    for k in range(20):
        some = [
            replace(r, revision=revision, values=r.values if revision % 3 else {"count": revision})
            for r in dice.sample(results(0, 60), 20)
            for revision in [dice.randrange(6) if k else 0]
        ]
        chain.publish(some)
        raised(chain, replace(ALERT, id=f"i{k % 7}", transition=k // 7, event_time_ms=T0 + k % 7))
        plain.write(some, [replace(ALERT, id=f"i{k % 7}", transition=k // 7, event_time_ms=T0 + k % 7)])
        chain.historian.turn(0.0)
    is_equal(chain.store, plain)
    before, begun = export(settings), time.monotonic()
    for life in range(4):
        again = Historian(chain.log, InfluxStore(settings, LEVELS), Instruments(), name=f"again {life}")
        for reader in again.readers:
            reader.seek(0, dice.randrange(20) if life else 0)
        while again.turn(0.0):
            assert again.taken("results.v1") <= 20
        again.close()
    after = export(settings)
    record(lost=0, duplicate=int(after != before), seconds=time.monotonic() - begun, tier="T2", seed=seed)
    assert after == before


def test_row_20_what_was_done_and_never_told_is_sent_again_and_nothing_is_there_twice(gap: Gap) -> None:
    """First results and an alert, then corrections with a value less. Each answer in turn is the first that is lost."""
    chain = Chain(InfluxSettings(f"http://127.0.0.1:{gap.port}", answer_ms=400))
    past = InfluxStore(InfluxSettings(f"http://127.0.0.1:{gap.to}"), LEVELS)
    first, plain, begun, untold = results(0, 400), MemoryStore(), time.monotonic(), 0
    fewer = [replace(r, revision=7, values={"count": k}) for k, r in enumerate(first[:40])]
    for published, alert in ((first, ALERT), (fewer, replace(ALERT, transition=1, state="norm"))):
        chain.publish(published)
        raised(chain, alert)
        plain.write(published, [alert])
        taken = chain.historian.taken("results.v1")
        for passing in count():
            gap.pieces_back = passing
            with suppress(Unavailable):
                chain.historian.turn(0.0)
                break
            assert chain.historian.taken("results.v1") == taken
            untold += 1
        gap.pieces_back = inf
        is_equal(past, plain)
    assert untold >= 6
    found = past.read("metric").height + past.read_alerts().height
    wanted = len(first) + 2
    record(lost=max(0, wanted - found), duplicate=max(0, found - wanted), seconds=time.monotonic() - begun, tier="T2")


def test_row_21_two_bad_results_of_five_thousand_are_put_aside_with_the_server_s_words_and_the_rest_is_stored_once(
    gap: Gap,
) -> None:
    """A field that somebody else wrote first, as a text, and a name that no line can end a tag with."""
    chain, begun = Chain(InfluxSettings(f"http://127.0.0.1:{gap.port}")), time.monotonic()
    chain.publish(KPIS[:1])
    chain.historian.turn(0.0)
    past = Wire(InfluxSettings(f"http://127.0.0.1:{gap.to}"))
    assert past.write(f'kpis,site=s,line=l grade="A" {T0}'.encode()).status == 204
    bad = [replace(KPIS[1234], values={"oee": 0.5, "grade": 1.5}), replace(KPIS[4321], name="kpis\\")]
    chain.publish([*KPIS[1:1234], bad[0], *KPIS[1235:4321], bad[1], *KPIS[4322:]])
    raised(chain, ALERT)
    chain.historian.turn(0.0)
    assert chain.historian.taken("results.v1") == 2
    assert chain.historian.turn(0.0) == 0
    aside = rejects(chain)
    assert sorted(result.window_start for _, (result,) in aside) == sorted(result.window_start for result in bad)
    assert [result for _, (result,) in aside] == [bad[1], bad[0]]
    assert "InfluxDB keeps no backslash at the end of one" in aside[0][0]
    assert 'input field "grade" on measurement "kpis" is type float, already exists as type string' in aside[1][0]
    stored = chain.store.read("kpi").filter(revision=0)
    wanted = {r.window_start for r in KPIS} - {r.window_start for r in bad}
    found = stored["window_start"].to_list()
    record(
        lost=len(wanted - set(found)),
        duplicate=len(found) - len(set(found)),
        seconds=time.monotonic() - begun,
        tier="T2",
    )
    assert found == sorted(wanted)
    assert chain.store.read_alerts()["id"].to_list() == ["i1"]


def test_row_22_a_server_that_takes_no_large_body_gets_everything_in_smaller_ones(tmp_path: Path) -> None:
    port = free_port(set())
    with own_influxd(tmp_path, port, auth=False, most_bytes=20_000):
        furnish(port)
        settings = InfluxSettings(f"http://127.0.0.1:{port}")
        whole = "\n".join(f"probe v={k} {T0 + k}" for k in range(2_000)).encode()
        assert Wire(settings).write(whole).status == 413
        chain, begun = Chain(settings), time.monotonic()
        chain.publish(results(0, 5_000))
        chain.historian.turn(0.0)
        found = chain.counts()
        record(
            lost=5_000 - len(set(found)),
            duplicate=len(found) - len(set(found)),
            seconds=time.monotonic() - begun,
            tier="T2",
        )
        assert found == list(range(5_000))
        assert rejects(chain) == []
