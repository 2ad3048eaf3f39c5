"""Searches for garbage: seldom, and not never."""

import gc
from collections.abc import Iterator

import pytest

from pipeline.runtime.garbage import NEW, search_seldom


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def searches() -> int:
    return sum(found["collections"] for found in gc.get_stats())


def test_the_objects_of_a_poll_begin_no_search() -> None:
    search_seldom()
    gc.collect()
    before = searches()
    poll = [[k] for k in range(NEW // 2)]
    assert searches() == before
    assert len(poll) == NEW // 2


def test_garbage_that_holds_itself_is_found_in_the_end() -> None:
    search_seldom()
    gc.collect()
    before = searches()
    for _ in range(2 * NEW):
        ring: list[object] = []
        ring.append(ring)
    assert searches() > before
