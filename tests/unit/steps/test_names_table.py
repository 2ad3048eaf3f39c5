"""A line's frames keep their names block while most of it is in use."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.names_block import FrameName
from pipeline.steps.names_table import SPARSE, NamesTable


def names(*metrics):
    return [FrameName("u", metric, "") for metric in metrics]


def test_a_frame_with_fewer_names_keeps_the_table_itself():
    table = NamesTable().holding(names("a", "b", "c"))
    assert table.holding(names("b")) is table


def test_a_new_name_joins_those_known():
    assert NamesTable().holding(names("b")).holding(names("a", "b")).names == tuple(names("a", "b"))


def test_a_table_of_which_little_is_used_begins_anew():
    table = NamesTable().holding(names(*"abcdefghijkl"))
    assert table.holding(names("x")).names == tuple(names("x"))


@given(st.lists(st.sets(st.sampled_from("abcdefghijklmnop"), min_size=1), max_size=12))
def test_a_table_is_in_order_holds_what_is_used_and_is_never_much_larger(frames):
    table = NamesTable()
    for used in frames:
        table = table.holding(names(*used))
        assert list(table.names) == sorted(table.names)
        assert [table.names[table.place[name]] for name in names(*used)] == names(*used)
        assert len(table.names) <= len(used) * SPARSE
