"""Every Prometheus instrument of the process, in one table. Boards and the README list what this table declares.

Rule: counted once per batch, never per sample; base units; no equipment in labels. Roles share one process in the demo,
so what each role has of its own carries the label `role`. An age or a lag that must keep growing while a loop hangs is
given as a function: `checkpoint_age.labels("worker").set_function(...)`.
"""

from collections.abc import Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from pipeline.core.samples import RejectCode

_STEP_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class SpoolInstruments:
    """What waits on the gateway's disk for a log that is away."""

    def __init__(self, own: CollectorRegistry) -> None:
        self.bytes = Gauge(
            "parkpulse_spool_bytes", "What waits on the gateway's disk for a log that is away.", registry=own
        )
        self.records = Gauge("parkpulse_spool_records", "Records that wait there.", registry=own)
        self.age = Gauge("parkpulse_spool_age_seconds", "Age of the oldest that waits there.", registry=own)
        self.dropped_samples = Counter(
            "parkpulse_spool_dropped_samples_total", "Samples that a full spool let go of.", registry=own
        )


class HorizonInstruments:
    """Samples that late ones may correct."""

    def __init__(self, own: CollectorRegistry) -> None:
        self.memory = Gauge(
            "parkpulse_horizon_memory_bytes", "Samples that late ones may correct, still in memory.", registry=own
        )
        self.disk = Gauge(
            "parkpulse_horizon_disk_bytes", "Samples that late ones may correct, on the local disk.", registry=own
        )


class Instruments:
    """One process's instruments on a registry of their own, so that two of them can live side by side."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        self.samples = Counter("parkpulse_samples_total", "Samples received.", registry=own)
        self.rejected_samples = Counter(
            "parkpulse_rejected_samples_total", "Samples that could not be read.", ["reason"], registry=own
        )
        self.late_samples = Counter("parkpulse_late_samples_total", "Samples whose pane was closed.", registry=own)
        self.unknown_states = Counter(
            "parkpulse_unknown_states_total", "Samples of a state or mode that no table knows.", registry=own
        )
        self.results = Counter("parkpulse_results_total", "Results published.", registry=own)
        self.alerts = Counter("parkpulse_alerts_total", "Alarm transitions published.", registry=own)
        self.checkpoint_age = Gauge(
            "parkpulse_checkpoint_age_seconds", "Time since the last checkpoint.", ["role"], registry=own
        )
        self.watermark_lag = Gauge(
            "parkpulse_watermark_lag_seconds",
            "Append time minus watermark of the slowest line that is not gone.",
            registry=own,
        )
        self.step_duration = Histogram(
            "parkpulse_step_duration_seconds", "One step of a role.", ["role"], registry=own, buckets=_STEP_SECONDS
        )
        self.consumer_lag = Gauge(
            "parkpulse_consumer_lag_records", "Records of the log not yet read.", ["role"], registry=own
        )
        self.silent_lines = Gauge(
            "parkpulse_silent_lines", "Lines that brought nothing newer for `valid_for`.", registry=own
        )
        self.ledger_gap = Gauge(
            "parkpulse_ledger_gap_samples", "Samples that gateways numbered and the log does not hold.", registry=own
        )
        self.horizon = HorizonInstruments(own)
        self.free_bytes = Gauge("parkpulse_free_bytes", "Room on the disk that holds the data folder.", registry=own)
        self.unsettled_bytes = Gauge(
            "parkpulse_unsettled_bytes", "Received over MQTT, not yet durable in the log.", registry=own
        )
        self.spool = SpoolInstruments(own)
        self.kafka_loop_lag = Gauge(
            "parkpulse_kafka_loop_lag_seconds",
            "How late the loop of Kafka's clients came to what was due, the worst of the last 15 s.",
            registry=own,
        )
        for reason in get_args(RejectCode):
            self.rejected_samples.labels(reason)  # shown as 0 from the start, so that a first reject is a rise

    def count_rejected(self, samples_by_reason: Mapping[RejectCode, int]) -> None:
        """Counts the rejects of one batch."""
        for reason, samples in samples_by_reason.items():
            self.rejected_samples.labels(reason).inc(samples)
