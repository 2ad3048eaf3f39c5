"""Where a record may go while the log was away, and what of the disk goes next."""

from collections import Counter
from collections.abc import Generator

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.ports import Outgoing
from pipeline.steps.spooling import Held, Kept, Place, Spooling, Standing, deal, lane_of

LINES = (b"s/l1", b"s/l2", b"s/l3")
SIZES = st.integers(1, 500)


def frame(line: bytes, number: int = 0) -> Outgoing:
    return Outgoing("samples.v1", line, b"%d" % number)


def waiting(places: list[Place]) -> dict[bytes, Generator[Kept]]:
    return {lane: of_lane(places, lane) for lane in dict.fromkeys(place.lane for place in places)}


def of_lane(places: list[Place], lane: bytes) -> Generator[Kept]:
    yield from [Kept(one, frame(lane)) for one in places if one.lane == lane]


def test_a_line_is_live_until_something_of_it_is_kept_and_again_when_all_of_it_is_confirmed():
    first, second = Place(1, b"s/l1", 10), Place(2, b"s/l1", 10)
    state = Spooling().away().kept([first, second])
    assert state.standing(b"s/l1") == Standing.SPOOLED
    state = state.give([first])
    assert state.standing(b"s/l1") == Standing.DRAINING
    state = state.confirmed()
    assert (state.standing(b"s/l1"), state.is_away) == (Standing.SPOOLED, False)
    assert state.give([second]).confirmed().standing(b"s/l1") == Standing.LIVE


def test_a_line_with_something_on_the_disk_writes_nothing_live_and_the_others_all():
    records = [frame(line, n) for n in range(4) for line in LINES]
    live, waits = Spooling({b"s/l2": Held(1, 10)}).parted(records)
    assert waits == [one for one in records if one.key == b"s/l2"]
    assert live == [one for one in records if one.key != b"s/l2"]
    assert Spooling().away().parted(records) == ([], records)
    assert Spooling().parted(records) == (records, [])


def test_the_records_of_any_other_topic_keep_one_order_and_hold_no_line_up():
    reject, other = Outgoing("rejects.v1", b"some/topic", b""), Outgoing("rejects.v1", b"s/l1", b"")
    assert lane_of(reject) == lane_of(other) != lane_of(frame(b"s/l1"))


@given(st.lists(st.tuples(st.sampled_from(LINES), SIZES), min_size=1, max_size=60), st.integers(1, 5_000))
def test_what_is_dealt_keeps_the_order_of_each_lane_and_no_lane_is_far_ahead_of_one_that_has_more(rows, room):
    places = [Place(number, lane, size) for number, (lane, size) in enumerate(rows, 1)]
    dealt = [one.place for one in deal(waiting(places), room)]
    for lane in LINES:
        own = [place for place in places if place.lane == lane]
        taken = [place for place in dealt if place.lane == lane]
        assert taken == own[: len(taken)]
    assert dealt
    assert sum(place.size for place in dealt[:-1]) < room
    used = Counter({place.lane: 0 for place in places})
    for place in dealt:
        used[place.lane] += place.size
    left = {place.lane for place in places if place not in dealt}
    largest = max(place.size for place in places)
    for lane in left:  # it could have been given more
        assert max(used.values()) <= used[lane] + largest


@given(st.lists(st.tuples(st.sampled_from(LINES), SIZES), max_size=80), st.integers(1, 2_000), st.data())
def test_turn_after_turn_everything_is_given_once_and_who_had_a_turn_waits_for_the_others(rows, room, data):
    places = [Place(number, lane, size) for number, (lane, size) in enumerate(rows, 1)]
    state, left, given_all = Spooling().kept(places), list(places), list[Place]()
    for _ in range(200):
        before = state.turn()
        dealt = [one.place for one in deal({lane: of_lane(left, lane) for lane in before}, room)]
        served = {place.lane for place in dealt}
        assert (
            [lane for lane in state.give(dealt).turn() if lane not in served]
            == [lane for lane in before if lane not in served]
            == state.give(dealt).turn()[: len(before) - len(served)]
        )
        state = state.give(dealt)
        if len(places) < 100 and data.draw(st.booleans()):  # more comes meanwhile
            more = Place(len(places) + 1, data.draw(st.sampled_from(LINES)), 7)
            state, left, places = state.kept([more]), [*left, more], [*places, more]
        state = state.confirmed()
        left = [place for place in left if place not in dealt]
        given_all += dealt
        assert state.lanes == Spooling().kept(left).lanes
        if not left:
            break
    assert sorted(given_all) == sorted(places)
    assert (state.size, state.records) == (0, 0)
    for lane in LINES:
        assert [p for p in given_all if p.lane == lane] == [p for p in places if p.lane == lane]
