"""The ordinary worker, a baseline of `chain`: aiokafka in, JSON to dicts, polars `group_by`, one result a record out.

Rule: 10-s and 1-min windows closed two seconds behind the slowest sender known; no order, no repeats, no scores, no
checkpoint. `python -m pipeline.bench.plain_worker KAFKA TOPIC RESULTS one|batch` runs until SIGTERM.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import polars as pl
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from pipeline.bench.plain_windows import LATENESS_MS, WIDTHS_MS

_KEYS = ("series", "width", "start")
_OPEN = {
    "series": pl.String, "width": pl.Int64, "start": pl.Int64, "n": pl.UInt32, "total": pl.Float64,
    "square": pl.Float64, "min": pl.Float64, "max": pl.Float64, "last": pl.Float64,
}  # fmt: skip


class PlainWindow(msgspec.Struct):
    """A closed window, as it is published."""

    series: str
    width: int
    start: int
    n: int
    mean: float
    sd: float
    min: float
    max: float
    last: float


@dataclass(slots=True)
class GroupedWindows:
    """`newest` event time of each sender, by the key of its records."""

    alone: bool
    open: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_OPEN))
    newest: dict[bytes, int] = field(default_factory=dict)

    def take(self, records: Sequence[tuple[bytes, bytes]]) -> None:
        series, times, values = list[str](), list[int](), list[float]()
        for key, value in records:
            if self.alone:
                one = msgspec.json.decode(value)
                series.append(key.decode())
                times.append(one["timestamp_ms"])
                values.append(one["value"])
            else:
                path = key.decode()
                for sample in msgspec.json.decode(value):
                    series.append(f"{path}/{sample['m']}")
                    times.append(sample["t"])
                    values.append(sample["v"])
            self.newest[key] = max(self.newest.get(key, 0), times[-1])
        samples = pl.DataFrame({"series": series, "t": times, "v": values})
        v = pl.col("v")
        parts = [
            samples.group_by("series", start=pl.col("t") // width * width, width=pl.lit(width, pl.Int64))
            .agg(
                v.len().alias("n"), v.sum().alias("total"), (v * v).sum().alias("square"), v.min().alias("min"),
                v.max().alias("max"), v.last().alias("last"),
            )
            .select(list(_OPEN))
            for width in WIDTHS_MS
        ]  # fmt: skip
        sums = (pl.col(name).sum() for name in ("n", "total", "square"))
        rest = (pl.col("min").min(), pl.col("max").max(), pl.col("last").last())
        self.open = pl.concat([self.open, *parts]).group_by(_KEYS, maintain_order=True).agg(*sums, *rest)

    def closed(self) -> list[bytes]:
        """Windows that are over, taken out."""
        over = pl.col("start") + pl.col("width") <= min(self.newest.values(), default=0) - LATENESS_MS
        done, self.open = self.open.filter(over), self.open.filter(~over)
        mean = pl.col("total") / pl.col("n")
        spread = (pl.col("square") / pl.col("n") - mean * mean).clip(0).sqrt()
        shown = done.with_columns(mean=mean, sd=spread).select(PlainWindow.__struct_fields__)
        columns = (column.to_list() for column in shown.get_columns())
        return [msgspec.json.encode(PlainWindow(*values)) for values in zip(*columns, strict=True)]


async def main(kafka: str, topic: str, results: str, form: str) -> None:
    windows, ended = GroupedWindows(form == "one"), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    servers = kafka.split(",")
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=servers, group_id=topic, auto_offset_reset="earliest")
    async with consumer, AIOKafkaProducer(bootstrap_servers=servers) as producer:
        while not consumer.assignment() and not ended.is_set():
            await asyncio.sleep(0.05)
        print("works on", flush=True)
        while not ended.is_set():
            found = await consumer.getmany(timeout_ms=200)
            if records := [(one.key, one.value) for some in found.values() for one in some]:
                windows.take(records)
                for value in windows.closed():
                    await producer.send(results, value)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
