"""The benchmarks by name: what each measures, against what, what it needs, and how good it should be.

Rule: a goal is held against a row by the row's case; a case that no round measured has its goal unproved, not met.
"""

from typing import NamedTuple


class Goal(NamedTuple):
    """`of`: the row's value, or its ratio to the baseline; at least, or `at_most`, the number."""

    case: str
    number: float
    of: str = "value"
    at_most: bool = False


class Bench(NamedTuple):
    """`extras` of the package, and `services`: those of the environment, or brought up for the call."""

    measures: str
    baseline: str
    extras: str = ""
    services: tuple[str, ...] = ()
    goals: tuple[Goal, ...] = ()


_ALL = ("mosquitto", "kafka", "influxdb")
BENCHES = {
    "core": Bench(
        "decoded frames → windows, scores, result records, one core",
        "numpy bound",
        goals=(
            *(Goal(f"{lines}, 10 a series and pane", n) for lines, n in (("1 line", 16e6), ("250 lines", 12e6))),
            *(Goal(f"{lines}, 1 a series and pane", n) for lines, n in (("1 line", 9e6), ("250 lines", 6e6))),
            *(Goal(f"1000 lines, {each} a series and pane", n) for each, n in ((10, 12e6), (1, 6e6))),
        ),
    ),
    "growth": Bench(
        "the same with 1 k to 1 M series over partitions, each in a process of its own: CPU and memory",
        "10 k series",
        goals=(
            *(Goal(f"CPU, {size} series", 1.4, "ratio", at_most=True) for size in ("1 k", "100 k", "1 M")),
            Goal("memory, 10 k series", 200, at_most=True),
            Goal("memory, 1 M series", 3_000, at_most=True),
        ),
    ),
    "decode": Bench(
        "payloads of each wire format → columns; 1, 20 and 100 samples a payload",
        "msgspec, `split` for line protocol",
        goals=(
            *(Goal("own, batch, 100 a payload", number, of) for number, of in ((4.5e6, "value"), (1.7, "ratio"))),
            *(Goal("own, one metric, 1 a payload", number, of) for number, of in ((2.5e6, "value"), (1.6, "ratio"))),
        ),
    ),
    "mqtt": Bench(
        "messages with QoS 1 → settled and acknowledged; without a broker and through Mosquitto; by the wall and "
        "by CPU time",
        "stock paho",
        goals=(Goal("received, QoS 1, one sample each", 0.8e6), Goal("received, QoS 1, one sample each", 12, "ratio")),
    ),
    "worker": Bench(
        "Kafka → windows and scores → Kafka, checkpoints on; frames, and one JSON sample a record",
        "plain aiokafka loop",
        "kafka",
        ("kafka",),
        (
            *(Goal(f"frames of {rows} rows", n) for rows, n in ((100, 2.5e6), (20, 2.5e6), (4, 0.8e6))),
            Goal("JSON, one sample a record", 0.4e6),
        ),
    ),
    "store": Bench(
        "results → line protocol → InfluxDB",
        "`influxdb_client` `Point`; bytes made beforehand",
        "influx",
        ("influxdb",),
        (
            *(Goal("line protocol built", number, of) for number, of in ((1.4e6, "value"), (16, "ratio"))),
            Goal("written to InfluxDB, again", 0.9, "ratio"),
        ),
    ),
    "chain": Bench(
        "load → Mosquitto → gateway → Kafka → worker → results (→ InfluxDB), each a process; 100, 20, 1 a payload",
        "the same written the ordinary way",
        "kafka,influx",
        _ALL,
        (
            Goal("100 a payload", 1.2e6),
            Goal("100 a payload", 2.5, "ratio"),
            Goal("100 a payload, to InfluxDB", 0.5e6),
            Goal("1 a payload", 90e3),
        ),
    ),
    "latency": Bench(
        "at 70 % of what the chain takes: sample sent → alert received; window over → KPI to be had from InfluxDB",
        "-",
        "kafka,influx",
        _ALL,
        (Goal("sample → alert, p99", 1_000, at_most=True), Goal("window end → KPI, p99", 2_400, at_most=True)),
    ),
}
