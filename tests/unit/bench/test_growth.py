"""The benchmark of growth, in small: a figure is given only where every partition wrote what was checked."""

import pytest

from pipeline.bench.growth import SIZES, Size, checked, measure, recorded
from pipeline.bench.growth_case import worked
from pipeline.bench.loads import Mismatch, Shape, make_load

LOAD = make_load(Shape(2, 2, 2, 1), 40)


def test_each_size_gives_a_row_of_cpu_and_one_of_memory() -> None:
    rows = {row.case: row for row in measure((SIZES[1]._replace(lines=2), Size("more", 2, 3)), 1, lambda _: None)}
    assert list(rows) == ["CPU, 10 k series", "CPU, more", "memory, 10 k series", "memory, more"]
    assert rows["CPU, more"].baseline == "10 k series"
    assert 30 < rows["memory, more"].value < 300


def test_every_partition_writes_what_one_alone_wrote() -> None:
    polls, right = recorded(LOAD), checked(LOAD)
    assert worked(polls, 1, 4).digest == worked(polls, 3, 4).digest == right


def test_a_window_that_says_something_else_is_found() -> None:
    load = make_load(Shape(2, 2, 2, 1), 40)
    load.distinct.v[7] += 1.0
    with pytest.raises(Mismatch, match="wrong"):
        checked(load)
