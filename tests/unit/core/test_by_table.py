"""What is remembered of tables of names is bounded by their names, and never stale."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.by_table import MAX_KEPT, ByTable
from pipeline.core.frames import FrameName
from pipeline.core.plausible import Spelling

ONE = FrameName("unit", "metric", "")


def table(size):
    """A table of its own; what matters here is how many names it holds."""
    return (ONE,) * size


TABLES = [table(1 + 50_000 * size) for size in range(10)]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), max_size=40))
def test_what_was_found_for_a_line_and_a_table_is_found_again_and_for_no_other(asked):
    memory, found = ByTable(), {}
    for line, which in asked:
        known = memory.get(line, TABLES[which])
        assert known in (None, found.get((line, which)))
        if known is None:
            found[line, which] = memory.put(line, TABLES[which], (line, which))
        assert memory.get(line, TABLES[which]) == (line, which)
        assert sum(len(names) for names, _ in memory.kept.values()) <= MAX_KEPT


def test_a_worker_remembers_tables_by_how_many_names_they_hold():
    spelling = Spelling()
    for size in range(60_000, 60_020):
        assert spelling.slip("park/line-1", table(size)) == ""
    assert 60_000 < sum(len(names) for names, _ in spelling.seen.kept.values()) <= MAX_KEPT


def test_tables_without_names_are_bounded_too():
    memory = ByTable()
    for line in range(MAX_KEPT + 10):
        memory.put(line, (), line)
    assert len(memory.kept) <= MAX_KEPT
