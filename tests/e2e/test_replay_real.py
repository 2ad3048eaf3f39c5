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
    """Two runs, one as a declared line and one as a line that nobody declared."""
    folder = tmp_path_factory.mktemp("lab")
    config = folder / "config"
    (config / "lines").mkdir(parents=True)
    (config / "lines" / "d0.toml").write_text('path = "lab/d0"\n')
    with place(folder) as here:
        text = PARK.format(url=here.broker, protocol="5") + REAL
        for old, new in here.real("kafka:9092", "http://influxdb:8086").items():
            text = text.replace(old, new)
        (config / "park.toml").write_text(text)
        assert run(["topics", "ensure", str(config)]) == 0
        with running(config, lambda folder: AskedLab(folder, asked=here.asked(LEVELS))) as made:
            made.replay("lab/d0", SKAB[0], "--fast")
            made.replay("lab/u0", SKAB[-1], "--fast")
            await_settled(made)
            yield made


@needs_data
def test_every_sample_is_accounted_for(lab: Lab) -> None:
    assert_accounted(lab)


@needs_data
@pytest.mark.parametrize("window", ["10s", "1m"])
@pytest.mark.parametrize("line", ["lab/d0", "lab/u0"])
def test_windows_in_influxdb_equal_a_plain_recomputation(lab: Lab, line: str, window: str) -> None:
    compare(lab, line, window)
