"""What waits on the gateway's disk, in one line."""

import doctest
from zoneinfo import ZoneInfo

import pipeline.view.troubles
from pipeline.view.troubles import spooled_line
from pipeline.view.words import Words

T0 = 1_780_000_000_000


def test_the_examples_hold() -> None:
    assert doctest.testmod(pipeline.view.troubles).failed == 0


def test_what_waits_on_disk_is_one_line_in_both_languages() -> None:
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    said = [spooled_line(1_200, T0, T0 + 5 * 3_600_000, zone, Words(language)) for language in ("en", "vi")]
    assert said == [
        "spool: 5 h of 1,200 lines, oldest 03:26:40",
        "hàng chờ trên đĩa: 5 giờ của 1.200 dây chuyền, cũ nhất 03:26:40",
    ]
