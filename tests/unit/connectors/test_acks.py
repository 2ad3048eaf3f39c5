"""Laws of the acknowledgements (rules R1, R3, R4): prefix, order, epochs, and exact counts of what is unsettled."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.mqtt.acks import Acks

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.integers(0, 1), st.integers(0, 1000)),
        st.tuples(st.just("settle"), st.integers(0, 60), st.just(0)),
        st.tuples(st.just("epoch"), st.just(0), st.just(0)),
        st.tuples(st.just("ready"), st.just(0), st.just(0)),
    ),
    max_size=200,
)


@given(STEPS)
def test_only_the_settled_prefix_of_the_current_epoch_is_acknowledged_in_order_of_arrival(
    steps: list[tuple[str, int, int]],
) -> None:
    acks = Acks()
    current: list[tuple[int, int, int]] = []  # (token, mid, qos) of this epoch
    sizes: dict[int, int] = {}
    sent: list[int] = []
    acks.begin_epoch()
    mid = 0
    for what, number, size in steps:
        if what == "arrive":
            mid += 1
            token = acks.arrive(acks.epoch, mid, number, size)
            current.append((token, mid, number))
            sizes[token] = size
        elif what == "settle":
            acks.settle([number])
            sizes.pop(number, None)
        elif what == "epoch":
            acks.begin_epoch()
            current, sent = [], []
        else:
            sent += [acked for acked, _ in acks.ready()]
            prefix = []
            for token, held, qos in current:
                if token in sizes:
                    break
                prefix += [held] if qos else []
            assert sent == prefix
        assert acks.unsettled_messages == len(sizes)
        assert acks.unsettled_bytes == sum(sizes.values())


def test_a_message_settled_before_its_elders_waits_for_them() -> None:
    acks = Acks()
    first, second, third = (acks.arrive(1, mid, 1, 10) for mid in (7, 8, 9))
    acks.settle([second, third])
    assert acks.ready() == []
    acks.settle([first])
    assert acks.ready() == [(7, 1), (8, 1), (9, 1)]
    assert acks.ready() == []


def test_a_new_connection_drops_the_acknowledgements_of_the_old_one_but_not_its_bytes() -> None:
    acks = Acks()
    old = acks.arrive(1, 7, 1, 10)
    again = acks.arrive(2, 7, 1, 10)
    assert (acks.unsettled_messages, acks.unsettled_bytes) == (2, 20)
    acks.settle([old])
    assert acks.ready() == []
    acks.settle([again])
    assert acks.ready() == [(7, 1)]
    assert acks.unsettled_bytes == 0


def test_a_message_that_arrives_for_an_older_connection_is_counted_and_never_acknowledged() -> None:
    acks = Acks()
    acks.begin_epoch()
    acks.begin_epoch()
    acks.settle([acks.arrive(1, 3, 1, 5)])
    assert acks.ready() == []
    assert acks.unsettled_messages == 0


def test_a_message_without_acknowledgement_holds_nobody_up_once_settled() -> None:
    acks = Acks()
    plain, asked = acks.arrive(1, 0, 0, 1), acks.arrive(1, 4, 1, 1)
    acks.settle([asked])
    assert acks.ready() == []
    acks.settle([plain])
    assert acks.ready() == [(4, 1)]
