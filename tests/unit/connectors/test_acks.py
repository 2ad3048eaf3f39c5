"""Laws of the acknowledgements (rules R1, R3, R4): prefix, order, epochs, and exact counts of what is unsettled."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.mqtt.acks import Acks

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.lists(st.tuples(st.booleans(), st.integers(0, 1000)), max_size=5)),
        st.tuples(st.just("settle"), st.lists(st.integers(0, 60), max_size=9)),
        st.tuples(st.just("epoch"), st.just([])),
        st.tuples(st.just("ready"), st.just([])),
    ),
    max_size=200,
)


def packet(number: int) -> bytes:
    return b"<%d>" % number


@given(STEPS)
def test_only_the_settled_prefix_of_the_current_epoch_is_acknowledged_in_order_of_arrival(
    steps: list[tuple[str, list]],
) -> None:
    acks = Acks()
    current: list[tuple[int, bytes]] = []  # (token, packet) of this epoch
    sizes: dict[int, int] = {}
    sent = b""
    acks.begin_epoch()
    number = 0
    for what, these in steps:
        if what == "arrive":
            packets = [packet(number + at) if wanted else b"" for at, (wanted, _) in enumerate(these, 1)]
            number += len(these)
            tokens = acks.arrive(packets, [size for _, size in these])
            current += zip(tokens, packets, strict=True)
            sizes |= dict(zip(tokens, (size for _, size in these), strict=True))
        elif what == "settle":
            acks.settle(iter(these))
            for token in these:
                sizes.pop(token, None)
        elif what == "epoch":
            acks.begin_epoch()
            current, sent = [], b""
        else:
            sent += acks.ready()
            prefix = b""
            for token, held in current:
                if token in sizes:
                    break
                prefix += held
            assert sent == prefix
        assert acks.unsettled_messages == len(sizes)
        assert acks.unsettled_bytes == sum(sizes.values())


def test_a_message_settled_before_its_elders_waits_for_them() -> None:
    acks = Acks()
    first, second, third = acks.arrive([packet(7), packet(8), packet(9)], [10, 10, 10])
    acks.settle([second, third])
    assert acks.ready() == b""
    acks.settle([first])
    assert acks.ready() == b"<7><8><9>"
    assert acks.ready() == b""


def test_a_new_connection_drops_the_acknowledgements_of_the_old_one_but_not_its_bytes() -> None:
    acks = Acks()
    [old] = acks.arrive([packet(7)], [10])
    acks.begin_epoch()
    [again] = acks.arrive([packet(7)], [10])
    assert (acks.unsettled_messages, acks.unsettled_bytes) == (2, 20)
    acks.settle([old])
    assert acks.ready() == b""
    acks.settle([again])
    assert acks.ready() == packet(7)
    assert acks.unsettled_bytes == 0


def test_a_message_without_acknowledgement_holds_nobody_up_once_settled() -> None:
    acks = Acks()
    plain, asked = acks.arrive([b"", packet(4)], [1, 1])
    acks.settle([asked])
    assert acks.ready() == b""
    acks.settle([plain])
    assert acks.ready() == packet(4)
