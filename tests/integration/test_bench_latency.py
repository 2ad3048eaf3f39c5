"""The short form of `parkpulse bench latency` on real services: every alert and every KPI comes, and is timed."""

import os

import pytest

NEEDED = ("PARKPULSE_TEST_MQTT", "PARKPULSE_TEST_KAFKA", "PARKPULSE_TEST_INFLUX")


@pytest.mark.real
def test_alerts_and_kpis_are_timed_and_every_sample_accounted_for() -> None:
    for variable in NEEDED:
        if not os.environ.get(variable):
            pytest.skip(f"mosquitto, kafka and influx: {variable} names none")
    from pipeline.bench.chain import addresses
    from pipeline.bench.latency import measure

    rows = {row.case: row for row in measure(addresses(), 20, 5, lambda _: None)}
    assert list(rows) == [
        *(f"sample → alert, {name}" for name in ("p50", "p99", "max")),
        *(f"window end → KPI, {name}" for name in ("p50", "p99", "max")),
        "load meanwhile",
    ]
    assert all(row.value > 0 for row in rows.values())
