"""The short form of `parkpulse bench chain` on real services: right results beside their baselines, nothing left."""

import os

import pytest

NEEDED = ("PARKPULSE_TEST_MQTT", "PARKPULSE_TEST_KAFKA", "PARKPULSE_TEST_INFLUX")


@pytest.fixture(autouse=True)
def services() -> None:
    for variable in NEEDED:
        if not os.environ.get(variable):
            pytest.skip(f"mosquitto, kafka and influx: {variable} names none")


@pytest.mark.real
@pytest.mark.parametrize("size", [100, 1])
def test_a_round_is_right_and_every_sample_is_accounted_for(size: int) -> None:
    from pipeline.bench.chain import ALONE, CASES, PLAIN, addresses, measure

    case = next(case for case in CASES if case.size == size)._replace(lines=(10, 5, 2 if size > 1 else 0))
    rows = list(measure(case, addresses(), 1, lambda _: None))
    assert [row.baseline for row in rows] == ([PLAIN, ALONE, None, None] if size > 1 else [PLAIN, None])
    assert all(row.value > 0 for row in rows)


@pytest.mark.real
def test_a_round_into_influxdb_ends_when_every_point_is_there() -> None:
    from pipeline.bench.chain import CASES, addresses, measure_stored

    case = CASES[0]._replace(lines=(10, 0, 0))
    (row,) = measure_stored(case, addresses(), 1, lambda _: None)
    assert row.case == "100 a payload, to InfluxDB"
    assert row.value > 0
