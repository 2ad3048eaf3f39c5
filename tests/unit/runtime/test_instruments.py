"""What a process counts is named as promised, counted per batch and kept apart from other processes' figures."""

from typing import get_args

from prometheus_client import REGISTRY, generate_latest

from pipeline.core.samples import RejectCode
from pipeline.runtime.instruments import Instruments

PROMISED = {
    "parkpulse_samples": "counter",
    "parkpulse_rejected_samples": "counter",
    "parkpulse_late_samples": "counter",
    "parkpulse_unknown_states": "counter",
    "parkpulse_results": "counter",
    "parkpulse_alerts": "counter",
    "parkpulse_checkpoint_age_seconds": "gauge",
    "parkpulse_watermark_lag_seconds": "gauge",
    "parkpulse_step_duration_seconds": "histogram",
    "parkpulse_consumer_lag_records": "gauge",
    "parkpulse_silent_lines": "gauge",
    "parkpulse_ledger_gap_samples": "gauge",
    "parkpulse_horizon_memory_bytes": "gauge",
    "parkpulse_horizon_disk_bytes": "gauge",
    "parkpulse_free_bytes": "gauge",
    "parkpulse_unsettled_bytes": "gauge",
    "parkpulse_spool_bytes": "gauge",
    "parkpulse_spool_records": "gauge",
    "parkpulse_spool_age_seconds": "gauge",
    "parkpulse_spool_dropped_samples": "counter",
    "parkpulse_kafka_loop_lag_seconds": "gauge",
}


def test_the_promised_instruments_are_there_and_no_others() -> None:
    assert {family.name: family.type for family in Instruments().registry.collect()} == PROMISED


def test_every_reject_reason_is_shown_as_zero_from_the_start() -> None:
    registry = Instruments().registry
    values = [
        registry.get_sample_value("parkpulse_rejected_samples_total", {"reason": r}) for r in get_args(RejectCode)
    ]
    assert set(values) == {0.0}


def test_the_rejects_of_a_batch_are_added_by_reason() -> None:
    instruments = Instruments()
    instruments.count_rejected({"bad_json": 2, "clock": 1})
    instruments.count_rejected({"bad_json": 3})
    read = instruments.registry.get_sample_value
    assert read("parkpulse_rejected_samples_total", {"reason": "bad_json"}) == 5.0
    assert read("parkpulse_rejected_samples_total", {"reason": "clock"}) == 1.0
    assert read("parkpulse_rejected_samples_total", {"reason": "bad_value"}) == 0.0


def test_two_processes_in_one_do_not_share_figures() -> None:
    one, other = Instruments(), Instruments()
    one.samples.inc(7)
    assert one.registry.get_sample_value("parkpulse_samples_total") == 7.0
    assert other.registry.get_sample_value("parkpulse_samples_total") == 0.0
    assert b"parkpulse_" not in generate_latest(REGISTRY)


def test_an_age_given_as_a_function_grows_without_anyone_setting_it() -> None:
    instruments, ages = Instruments(), iter([1.0, 2.0])
    instruments.checkpoint_age.labels("worker").set_function(lambda: next(ages))
    read = instruments.registry.get_sample_value
    assert read("parkpulse_checkpoint_age_seconds", {"role": "worker"}) == 1.0
    assert read("parkpulse_checkpoint_age_seconds", {"role": "worker"}) == 2.0
