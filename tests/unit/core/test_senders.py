"""What is remembered of senders: one code for what is the same, nothing of what is not spelled right, and bounded."""

import numpy as np

from pipeline.core.by_table import MAX_KEPT
from pipeline.core.frames import NAMES, FrameName
from pipeline.core.senders import NOBODY, Senders
from pipeline.core.tables import UNKNOWN, Tables

NAMES_OF = (FrameName("unit", "metric", ""),)
BLOCK = NAMES.encode("gw", NAMES_OF)
BOOT = np.array([1])


def test_a_sender_is_known_by_its_key_names_and_boot_once_it_was_looked_for():
    senders = Senders()
    code = senders.look(b"line", BLOCK, 1)
    size = np.array([len(BLOCK)])
    assert senders.look(b"line", BLOCK, 1) == code
    assert senders.known([b"line"], [b"rows" + BLOCK], BOOT, size).tolist() == [code]
    assert senders.known([b"line"], [b"rows" + BLOCK], BOOT + 1, size).tolist() == [NOBODY]
    assert senders.known([b"line-2"], [b"rows" + BLOCK], BOOT, size).tolist() == [NOBODY]
    assert senders.known([b"line"], [b"rows" + BLOCK], BOOT, size - 1).tolist() == [NOBODY]
    assert len({senders.look(b"line", BLOCK, 2), senders.look(b"line-2", BLOCK, 1), code}) == 3


def test_what_is_not_spelled_right_has_no_code_however_often_it_comes():
    senders = Senders()
    wrong = NAMES.encode("gw", (FrameName("unit", "a/b", ""),)), NAMES.encode("g w", NAMES_OF), b"gw\x1eone", b"\xff"
    for _ in range(2):
        assert [senders.look(b"line", block, 1) for block in wrong] == [NOBODY] * len(wrong)
        assert [senders.look(key, BLOCK, 1) for key in (b"", b"li#ne", b"\xff")] == [NOBODY] * 3
    assert senders.keys == []


def test_a_memory_that_is_full_is_followed_by_a_new_one_that_means_nothing_by_the_old_codes():
    senders, tables = Senders(), Tables()
    code = np.array([senders.look(b"line", BLOCK, 1)])
    assert tables.of(senders, code).tolist() == [UNKNOWN]
    tables.place[code] = 5
    assert tables.of(senders, code).tolist() == [5]
    assert senders.roomy() is senders
    senders.weight = MAX_KEPT + 1
    after = senders.roomy()
    assert (after is senders, after.keys, after.spelling is senders.spelling) == (False, [], True)
    code = np.array([after.look(b"line-2", BLOCK, 1)])
    assert tables.of(after, code).tolist() == [UNKNOWN]
