"""What ParkPulse promises, and the rows of faults and attacks that the promises are tried by."""

from typing import NamedTuple


class Promise(NamedTuple):
    """`tests`: by name."""

    text: str
    tests: tuple[str, ...]


class Row(NamedTuple):
    done: str
    criterion: str


PROMISES = (
    Promise(
        "A QoS 1 reading PUBACKed by the gateway is in the log with `acks=all` (or fsynced in the embedded log / edge "
        "spool). Never before.",
        ("test_row_01_nothing_that_the_broker_took_is_lost",),
    ),
    Promise(
        "Every reading in the log is processed at least once; KPI, anomaly and alert **output identity is a pure "
        "function of input** (site, kpi, window start, revision; alert fingerprint + startsAt), so replays overwrite "
        "or dedup: *effectively once* at the sink and on the alert topic for identity-aware consumers.",
        (
            "test_what_was_published_twice_had_one_content",
            "test_every_incident_is_told_once_after_repeats_are_dropped",
            "test_any_order_repetition_and_cut_of_what_is_written_gives_one_content",
        ),
    ),
    Promise(
        "A worker's state checkpoint names the offsets it covers; after a crash it restores and reprocesses from "
        "there; result bit-equal to an unbroken run (modulo documented float reduction order: use fixed order).",
        (
            "test_row_11_the_store_equals_an_unbroken_run_over_the_same_log",
            "test_what_leaves_equals_a_recomputation_at_once_through_any_cut_and_any_crash",
        ),
    ),
    Promise(
        "Order per asset is kept from broker delivery to output. Across assets none.",
        (
            "test_acknowledgements_go_out_in_order_of_arrival_whatever_the_order_of_settling",
            "test_records_come_back_whole_and_in_the_order_of_writing",
            "test_row_06_kafka_stopped_under_load_and_started_again_loses_doubles_and_disorders_nothing",
        ),
    ),
    Promise(
        "No input byte sequence stops a partition: bad input goes to the DLQ with reason and original bytes, and is "
        "counted.",
        (
            "test_row_27_of_ten_thousand_mixed_payloads_each_bad_one_is_kept_once_and_each_good_one_is_taken",
            "test_row_28_three_thousand_mutated_frames_stop_no_partition",
        ),
    ),
    Promise(
        "QoS 0, device buffers and a broker that loses its session are outside the promise.",
        ("test_row_04_a_broker_that_lost_its_sessions_is_subscribed_to_again_and_no_number_is_taken_for_another",),
    ),
)
ROWS = {
    1: Row("gateway killed again and again under load, QoS 1", "lost 0; repeated in the log < 2 %; first ack < 3 s"),
    2: Row("the link to the MQTT broker cut every second or so", "lost 0; no acknowledgement of an old connection"),
    3: Row("the link to the MQTT broker half open", "seen within 1.5 keepalives; connected again; lost 0"),
    4: Row("the MQTT broker restarted without its sessions", "subscribed again; acknowledged and lost 0; no wrong ack"),
    5: Row("a failure inside a callback of the MQTT client", "the thread lives; the messages come again; lost 0"),
    6: Row("Kafka away under full load", "the spool grows, acknowledging goes on; drained in order; lost 0"),
    7: Row("Kafka slow: 500 ms, then 5 s", "unsettled bytes within their bound; no MQTT connection ends"),
    8: Row("Kafka refuses for a while: no leader, timed out, too few replicas", "lost 0; twice in the log 0"),
    9: Row("leaders of Kafka move under load", "lost 0; a stall < 3 s"),
    10: Row("each of three Kafka brokers killed in turn", "lost 0; goes on within 15 s"),
    11: Row("worker killed again and again", "KPIs equal a recomputation; twice in the store 0; each alert once"),
    12: Row("worker stopped beyond its session, then woken", "its late commit is fenced; KPIs equal"),
    13: Row("workers come and go every 2 s", "no partition stuck; lag 0 within 30 s; KPIs equal"),
    14: Row("from 2 workers to 6 to 3, with state", "state moves along; KPIs equal"),
    15: Row(
        "a checkpoint corrupt, cut off, or of a later version", "falls back or refuses; never a silent empty start"
    ),
    16: Row("power cut at every write of spool and checkpoint", "opens; acknowledged data is there; no torn batch"),
    17: Row("disk full under spool, checkpoint, log, store", "acknowledging stops, said; goes on when there is room"),
    18: Row(
        "InfluxDB away, then busy (503, Retry-After), then slow",
        "no KPI or alert stops; nothing is committed that is not stored; all there afterwards, twice 0",
    ),
    19: Row("InfluxDB killed during writes", "every acknowledged point there after a start; a replay adds nothing"),
    20: Row("InfluxDB did it and the answer is lost", "sent again; number of points and values unchanged"),
    21: Row("a bad line and a type conflict in 5,000", "4,998 stored once, 2 in the rejects with reason; goes on"),
    22: Row("413, and bodies that are too large", "halves until accepted; nothing lost"),
    23: Row("a day played again from the log into a filled store", "the store is unchanged; no alert is sent again"),
    24: Row(
        "late, repeated, reordered and missing samples", "the ledger closes; KPIs equal a batch over what was taken"
    ),
    25: Row("wrong device clocks: ± 50 years, 0, drift, ms for µs", "put aside with the reason; no clock moves"),
    26: Row("the gateway's own clock set by an hour", "no window closed or opened by it; said"),
    27: Row("10,000 poison payloads on one partition", "no crash; each put aside once, whole, with the right reason"),
    28: Row("a record that crashes its reader", "put aside; after a hard kill skipped at the third start"),
    29: Row("compression bombs; frames that claim millions of rows", "refused before anything is allocated"),
    41: Row("SIGTERM at any moment, 200 times", "ends within 10 s with exit code 0; all acknowledged is settled"),
    42: Row("bad configuration, unreadable secrets, wrong partitions", "one clear line before connecting; no secret"),
    47: Row("Kafka no longer holds what a stopped worker was to read", "no silent jump; the gap is recorded"),
    48: Row("the topic of rejects away", "waits or keeps them; never drops one silently"),
}
