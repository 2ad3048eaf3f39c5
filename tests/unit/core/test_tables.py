"""What a worker remembers of tables of names is bounded by their names, and found again until it is forgotten."""

import numpy as np

from pipeline.core.by_table import MAX_KEPT
from pipeline.core.tables import Tables


def test_codes_of_a_table_are_found_where_they_were_put():
    tables = Tables()
    for k in range(100):
        tables.put(("line", "gw", k, 0), (), (k, 2 * k, True), np.arange(k, dtype=np.int32))
    for k in range(100):
        place = tables.places["line", "gw", k, 0]
        begin = int(tables.begin[place])
        assert (tables.line[place], tables.stream[place]) == (k, 2 * k)
        assert tables.codes[begin : begin + k].tolist() == list(range(k))


def test_between_two_slices_all_is_forgotten_where_too_much_is_kept():
    tables = Tables()
    assert not tables.make_room()
    tables.put(("line", "gw", 1, 0), (), (0, 0, True), np.zeros(MAX_KEPT, np.int32))
    assert tables.make_room()
    assert (tables.places, tables.kept, tables.size) == ({}, [], 0)
