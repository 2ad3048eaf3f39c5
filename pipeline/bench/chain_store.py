"""When the points of a round were in InfluxDB, by what it counts itself; and whether all of them are there.

Rule: while a round is under way the server is asked for its own counters alone, never for points.
"""

import re
import threading
from contextlib import closing
from dataclasses import dataclass, field
from time import sleep, time_ns
from urllib.request import urlopen

from connectors.influx.queries import Queries
from connectors.influx.settings import InfluxSettings
from connectors.influx.wire import Wire
from pipeline.bench.burst import METRICS, UNITS
from pipeline.bench.chain_round import BEFORE_MS, SPAN_MS, Chain
from pipeline.bench.loads import Mismatch

LOOK_S, PATIENCE_S = 0.05, 30.0


@dataclass(slots=True)
class Stored:
    """Watches one database from its making on. `changed_ms`: when points were last written, by our clock."""

    database: InfluxSettings
    changed_ms: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._watch, name="influxdb counters", daemon=True)
        self.thread.start()

    def rate(self, chain: Chain, first_ms: int) -> float:
        """Samples a second of one round, from its first byte sent to its last point written."""
        round_ = chain.round(first_ms)
        wanted = chain.load.burst.lines * UNITS * METRICS
        with closing(Wire(self.database)) as wire:
            for start, until, width, count in (
                (first_ms, first_ms + SPAN_MS, "10s", 2 * wanted),
                (first_ms - BEFORE_MS, first_ms + SPAN_MS, "1m", wanted),
            ):
                self._await_points(Queries(wire), start, until, width, count)
        return chain.load.burst.samples / ((self.changed_ms - round_.began_ms) / 1000)

    def _await_points(self, queries: Queries, start: int, until: int, width: str, wanted: int) -> None:
        where = f"\"window\" = '{width}' AND time >= {start}ms AND time < {until}ms"
        found = 0
        for _ in range(int(PATIENCE_S / LOOK_S)):
            (answer,) = queries.run([f'SELECT count("count") FROM "metrics" WHERE {where}'], {})
            found = int(str(answer.series[0].values[0][1])) if answer.series else 0
            if found == wanted:
                return
            sleep(LOOK_S)
        raise Mismatch(f"{found} of {wanted} points of {width} are in InfluxDB")

    def _watch(self) -> None:
        seen = 0
        while not self.over.wait(LOOK_S):
            with urlopen(f"{self.database.url}/debug/vars", timeout=10) as answer:
                text = answer.read().decode()
            shards = re.findall(rf'"database":"{self.database.database}"[^{{}}]*}},"values":{{([^}}]*)}}', text)
            written = sum(int(n) for one in shards for n in re.findall(r'"writePointsOk":(\d+)', one))
            if written != seen:
                seen, self.changed_ms = written, time_ns() // 1_000_000

    def close(self) -> None:
        self.over.set()
        if self.thread is not None:
            self.thread.join()
