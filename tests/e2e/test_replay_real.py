"""Recorded runs through Mosquitto, Kafka and InfluxDB: asked in InfluxQL, every sample and every mean is there.

The data lie outside the project; where they are missing these tests skip and say so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pytest

from pipeline.cli.app import run
from tests.e2e.influxql import Asked
from tests.e2e.lab import PARK, SKAB, Lab, assert_accounted, await_settled, compare, needs_data, running
from tests.e2e.places import place

pytestmark = [pytest.mark.real, pytest.mark.slow]
LEVELS = ("site", "line", "unit")
REAL = """
[log]
kind = "kafka"
bootstrap = ["kafka:9092"]
partitions = 4
[store]
kind = "influxdb"
url = "http://influxdb:8086"
database = "parkpulse"
"""


@dataclass(kw_only=True)
class AskedLab(Lab):
    asked: Asked

    def rows(self, what: str, window: str = "") -> pl.DataFrame:
        where = f" WHERE \"window\" = '{window}'" if window else ""
        found = self.asked.points(f'SELECT * FROM "{what}"{where}')
        return found.rename({"time": "start", "metric": "name"}, strict=False)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """All runs into one park at once: each as a declared line and as one that nobody declared."""
    folder = tmp_path_factory.mktemp("lab")
    config = folder / "config"
    (config / "lines").mkdir(parents=True)
    for number in range(len(SKAB)):
        (config / f"lines/{number}.toml").write_text(f'path = "lab/d{number}"\n')
    with place(folder) as here:
        text = PARK.format(url=here.broker, protocol="5") + REAL
        for old, new in here.real("kafka:9092", "http://influxdb:8086").items():
            text = text.replace(old, new)
        (config / "park.toml").write_text(text)
        assert run(["topics", "ensure", str(config)]) == 0
        with running(config, lambda folder: AskedLab(folder, asked=here.asked(LEVELS))) as made:
            for number, file in enumerate(SKAB):
                made.replay(f"lab/d{number}", file, "--fast")
                made.replay(f"lab/u{number}", file, "--fast")
            await_settled(made)
            yield made


@needs_data
def test_every_sample_is_accounted_for(lab: Lab) -> None:
    assert_accounted(lab)


@needs_data
@pytest.mark.parametrize("window", ["10s", "1m"])
def test_windows_in_influxdb_equal_a_plain_recomputation(lab: Lab, window: str) -> None:
    for line in lab.lines:
        compare(lab, line, window)
