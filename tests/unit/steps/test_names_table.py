"""The frames of a line share few names blocks, whatever names they use, and carry not many more than they use."""

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.names_block import FrameName
from pipeline.steps.names_table import GROUPS, LEAST, MAX_KNOWN, MOST, LineNames


def names(*metrics):
    return [FrameName("u", str(metric), "") for metric in metrics]


def numbers(line, used):
    return np.array([line.known[name] for name in names(*used)], np.int32)


def tables(frames):
    """The table of each frame."""
    found, line = [], LineNames()
    for used in frames:
        line = line.knowing(names(*used))
        line, table = line.holding(numbers(line, used))
        found.append(table)
    return found


def test_a_frame_with_fewer_names_has_the_table_itself():
    first, second = tables(["abc", "b"])
    assert second is first


def test_a_new_name_joins_those_known():
    assert tables(["b", "ab"])[-1].names == tuple(names(*"ab"))


def test_a_frame_that_uses_little_takes_nothing_from_the_next_one_that_uses_much():
    whole, little, again, half = tables([range(40), [3], range(40), range(20)])
    assert len(little.names) == LEAST
    assert again is half is whole


def test_a_line_with_too_many_names_begins_anew():
    assert tables([range(MAX_KNOWN), ["x"]])[-1].names == tuple(names("x"))


@given(st.lists(st.sets(st.integers(0, 200), min_size=1), max_size=12))
def test_a_table_is_in_order_holds_what_is_used_and_is_never_much_larger(frames):
    for used, table in zip(frames, tables(frames), strict=True):
        assert list(table.names) == sorted(table.names)
        assert set(names(*used)) <= set(table.names)
        assert len(table.names) <= len(used) * MOST * 2


def test_a_table_finds_names_by_their_number_and_ranks_them_by_unit_and_metric():
    given = [FrameName(*key) for key in ("bay", "axz", "axy", "bax", "cax")]
    line = LineNames().knowing(given)
    line, table = line.holding(np.array([line.known[name] for name in given], np.int32))
    places = table.place[[line.known[name] for name in given]].tolist()
    assert [table.names[place] for place in places] == given
    assert table.rank.tolist() == [0, 0, 2, 2, 4]


@settings(max_examples=20)
@given(st.integers(1, 256), st.integers(0, 1000))
def test_whatever_its_frames_use_a_line_has_few_blocks(known, seed):
    random = Random(seed)
    used = [random.sample(range(known), random.randint(1, known)) for _ in range(200)]
    used += [random.sample(range(known), min(known, random.randint(1, 5))) for _ in range(200)]
    assert len({id(table) for table in tables([range(known), *used])}) < 2**GROUPS
