"""The benchmark of MQTT, in small: every message once and in order, every acknowledgement in order, or no figure."""

import socket

import pytest

from pipeline.bench.loads import Mismatch
from pipeline.bench.mqtt import BASELINE, CASE, check, measure
from pipeline.bench.mqtt_feed import Feed, feeding, message, publish


def test_both_receive_all_and_acknowledge_in_order() -> None:
    rows = list(measure(200, 800, 1, lambda _: None))
    cases = (CASE, f"{CASE}, by CPU time")
    wanted = [named for case in cases for named in ((case, BASELINE), (f"{case}: {BASELINE}", None))]
    assert [(row.case, row.baseline) for row in rows] == wanted
    assert all(row.value > 0 for row in rows)


@pytest.mark.parametrize("wrong", [[0, 1], [0, 1, 1], [0, 2, 1], [0, 1, 2, 2]])
def test_a_message_lost_repeated_or_out_of_order_is_found(wrong: list[int]) -> None:
    wanted = [message(number) for number in range(3)]
    check(wanted, wanted)
    with pytest.raises(Mismatch):
        check([message(number) for number in wrong], wanted)


@pytest.mark.parametrize("order, said", [((1, 2), True), ((2, 1), False)])
def test_the_sender_sees_acknowledgements_out_of_order(order: tuple[int, int], said: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"\x10\x00\x82\x02\x00\x09" + b"".join(b"\x40\x02" + one.to_bytes(2, "big") for one in order))
        feed = Feed(ours, [publish(0), publish(1)])
        feed.run()
        assert (feed.acked, feed.in_order) == (2, said)


def test_a_client_that_leaves_early_is_reported() -> None:
    with feeding(3) as feed:
        socket.create_connection(("127.0.0.1", feed.port)).close()
        assert feed.report() == "0 in order"
