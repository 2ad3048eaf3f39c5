"""The screen: it fits, says what is so now and nothing that is not, and speaks one language."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cli.demo import say_end
from pipeline.core.ledger import FIELDS
from pipeline.core.packml import STATES as PACKML
from pipeline.view.figures import Figures
from pipeline.view.minute import minutes
from pipeline.view.plain import line_text
from pipeline.view.words import STATES, TABLES, WORDS, Words
from tests.unit.view.scenes import (
    DEAD,
    FILLING,
    METERS,
    NOW,
    PACKING,
    ROOT,
    alarm,
    counted,
    declared,
    drawn,
    elements,
    everything,
    heard,
    page,
    result,
    running,
    unknown,
)  # fmt: skip

PROPER = {"oee", "parkpulse", "mqtt", "ctrl-c", "ctrl", "c", "s", "d", "demo", "kpi", "ok"}
NOTES = ("stop", "log_lines", "broker", "data", "instruments")
TROUBLES = (
    "disk_full", "make_room", "disk_fails", "mend_disk", "no_broker", "tries_again", "clock_off", "set_clock", "rival",
    "name_it", "log_away", "is_spooled", "spool_full", "see_log",
)  # fmt: skip
SIZES = [(80, 24), (120, 30), (140, 40), (200, 60)]


def letters(text: str) -> set[str]:
    return {word for word in re.findall(r"[^\W\d_]+", text.casefold()) if len(word) > 1}


ENGLISH = {word for english, _ in (*WORDS.values(), *STATES.values()) for word in letters(english)}
VIETNAMESE = {word for _, vietnamese in (*WORDS.values(), *STATES.values()) for word in letters(vietnamese)}
NAMES = letters(" ".join((FILLING, PACKING, METERS, DEAD, "new line filler wrapper metric past pressure mbar kw")))


def plain(figures: Figures, language: str) -> str:
    found = minutes(figures.lines.values())
    shown = page(figures, 140, language)
    return "\n".join(line_text(line, found.get(path), shown) for path, line in figures.lines.items())


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_no_english_is_left_on_the_vietnamese_screen_nor_in_its_plain_lines(width: int, height: int) -> None:
    figures = everything()
    for state in ("runing", "42"):
        unknown(figures, FILLING, f"unit-{state}", state)
    text = "\n".join([*drawn(figures, page(figures, width, "vi"), height, NOTES), plain(figures, "vi")])
    text += "\n".join(drawn(figures, page(figures, width, "vi"), height, (), (*TROUBLES, "unreadable")))
    said = letters(re.sub(r'\[[^]]*\]|"[^"]*"', "", text))  # what is to be written into a file
    assert said & (ENGLISH - VIETNAMESE - NAMES - PROPER) == set()
    assert {"chạy", "tạm", "cảnh", "mẫu", "bất"} <= said


def test_no_english_is_left_in_the_end_lines_of_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    for gap in (0, 1):
        say_end({"samples": dict.fromkeys(("sent", *FIELDS), 2000) | {"gap": gap, "waiting": 0}}, "vi")
    said = capsys.readouterr()
    assert "đã gửi 2.000" in said.out
    assert letters(said.out + said.err) & (ENGLISH - VIETNAMESE - PROPER) == set()


def test_the_catalogue_says_everything_in_both_languages() -> None:
    for name, (english, vietnamese) in (WORDS | STATES).items():
        assert english.strip(), name
        assert vietnamese.strip(), name
        if not letters(english) <= PROPER | {"score"}:
            assert english != vietnamese, name


def test_no_name_stands_in_two_tables_of_the_catalogue() -> None:
    assert sum(map(len, TABLES)) == len(WORDS)


def test_every_state_of_packml_has_a_word() -> None:
    assert set(PACKML.values()) == set(STATES)


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize(("width", "height"), [*SIZES, (60, 12), (40, 8), (20, 5)])
def test_the_screen_fits_the_terminal(width: int, height: int, language: str) -> None:
    figures = everything()
    rows = drawn(figures, page(figures, width, language), height)
    assert len(rows) == height
    assert all(len(row) <= width for row in rows)


@settings(max_examples=50)
@given(width=st.integers(10, 220), height=st.integers(1, 70), lines=st.integers(0, 40), alarms=st.integers(0, 30))
def test_whatever_there_is_fits(width: int, height: int, lines: int, alarms: int) -> None:
    figures = Figures([declared(f"{ROOT}/a/l{n}", "u") for n in range(lines)], NOW)
    for n in range(lines):
        running(figures, f"{ROOT}/a/l{n}", "u")
    for n in range(alarms):
        figures.note_alert(f"{ROOT}/a/l0", alarm(f"{ROOT}/a/l0/u", f"alarm-{n}"))
    rows = drawn(figures, page(figures, width), height)
    assert len(rows) <= height
    assert all(len(row) <= width for row in rows)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_four_lines_two_alarms_with_advice_and_an_anomaly_are_all_seen(width: int, height: int) -> None:
    figures = everything()
    del figures.lines[DEAD]
    text = "\n".join(drawn(figures, page(figures, width), height))
    for said in ("filling/line-1", "packing/line-2", "power/meters", "new/line-9", "pressure 8.5 mbar is below 15"):
        assert said in text
    assert "→ Check the fan." in text
    assert "metric-0: very unusual, ongoing" in text
    assert "received" in text


def test_a_line_shows_its_state_its_time_its_ratios_and_its_rates() -> None:
    figures = everything()
    text = "\n".join(drawn(figures, page(figures, 80), 40))
    assert "► filling/line-1" in text
    assert re.search(r"running +03:25:05 +1:35 +240 +70 +2\.2 s", text)
    assert re.search(r"80 % █+░+ += 100 % █+ +×  80 % █+░+ +× 100 % █+", text)
    assert "■ packing/line-2" in text


def test_a_line_without_parts_shows_the_sum_of_its_powers_and_no_oee() -> None:
    figures = everything()
    rows = drawn(figures, page(figures, 80), 40)
    (at,) = [n for n, row in enumerate(rows) if "power/meters" in row]
    assert "measuring" in rows[at]
    assert rows[at + 1].strip().startswith("total 936.0 kW  m0 100.0 kW")
    assert "%" not in rows[at + 1]


def test_a_line_that_has_gone_silent_says_since_when_and_shows_no_figure_as_if_it_were_now() -> None:
    figures = everything()
    rows = drawn(figures, page(figures, 80), 40)
    (at,) = [n for n, row in enumerate(rows) if "old/line-8" in row]
    assert re.search(r"✕ old/line-8 +no data since +03:16:38", rows[at])
    assert rows[at + 1].startswith("── Open alarms")
    later = drawn(figures, page(figures, 80, now_ms=NOW + 63_000), 40)
    (at,) = [n for n, row in enumerate(later) if "filling/line-1 " in row and "data" in row]
    assert "no data since" in later[at]
    assert "%" not in later[at + 1]


def test_what_was_made_of_a_hole_in_the_data_is_not_shown_when_data_come_again() -> None:
    figures = everything()
    again = NOW + 300_000
    gap = [elements(FILLING, again - 50_000 + n * 10_000, apt=0, pq=0, gq=0) for n in range(5)]
    first = replace(heard(FILLING, again - 3000), equipment=f"{FILLING}/filler")
    figures.note_results(FILLING, again, [first, *gap])
    rows = drawn(figures, page(figures, 80, now_ms=again), 40)
    (at,) = [n for n, row in enumerate(rows) if "filling/line-1 " in row and "unknown" in row]
    assert rows[at + 1].strip() == "first figures within 20 s"
    figures.note_results(FILLING, again, [heard(FILLING, again), elements(FILLING, again)])
    rows = drawn(figures, page(figures, 80, now_ms=again + 12_000), 40)
    assert re.search(r"► filling/line-1 +running +03:31:37 +0:15", rows[at])
    assert "80 %" in rows[at + 1]


def test_a_line_whose_pace_unit_has_gone_silent_is_not_shown_as_running_though_other_units_send() -> None:
    figures = everything()
    for start in range(NOW, NOW + 80_000, 10_000):
        other = replace(heard(FILLING, start), equipment=f"{FILLING}/capper")
        figures.note_results(FILLING, start + 12_000, [other])
    rows = drawn(figures, page(figures, 80, now_ms=NOW + 90_000), 40)
    (at,) = [n for n, row in enumerate(rows) if "filling/line-1 " in row and "data" in row]
    assert re.search(r"✕ filling/line-1 +no data since +03:26:40", rows[at])
    assert " 70 " in rows[at]
    assert "%" not in rows[at + 1]


def test_many_lines_come_by_trouble_and_those_that_are_not_shown_are_counted() -> None:
    paths = [f"{ROOT}/hall/line-{n:03}" for n in range(300)]
    figures = Figures([declared(path, "u") for path in paths], NOW - 60_000)
    for path in paths:
        running(figures, path, "u")
    running(figures, paths[250], "u", "aborted", apt=0, pq=0, gq=0)
    figures.note_alert(paths[200], alarm(f"{paths[200]}/u", priority=2))
    for width, height in SIZES:
        rows = drawn(figures, page(figures, width), height)
        shown = [re.search(r"hall/(line-\d+)", row) for row in rows if row[:1] in "►■○✕"]
        names = [found[1] for found in shown if found]
        assert names[:2] == ["line-200", "line-250"]
        (more,) = [row for row in rows if "more lines" in row]
        assert more.strip().startswith(f"… {300 - len(names)} more lines")


def test_alarms_that_do_not_fit_are_counted_and_the_worst_stands_first() -> None:
    figures = everything()
    for n in range(40):
        figures.note_alert(FILLING, alarm(f"{FILLING}/filler", f"a{n}", priority=4))
    rows = drawn(figures, page(figures, 80), 24)
    assert any("Open alarms: 42" in row for row in rows)
    assert next(row for row in rows if "mbar" in row).startswith(" 1 ")
    assert any("more open alarms" in row for row in rows)


def test_five_alarms_on_a_small_screen_are_all_named_and_the_worst_keeps_its_advice() -> None:
    figures = everything()
    del figures.lines[DEAD]
    for n in range(3):
        figures.note_alert(FILLING, alarm(f"{FILLING}/filler", f"a{n}", priority=2))
    rows = drawn(figures, page(figures, 80), 24)
    assert [row[1] for row in rows if "mbar" in row] == ["1", "2", "2", "2", "3"]
    advice = next(n for n, row in enumerate(rows) if "→ Check the fan." in row)
    assert rows[advice - 1].startswith(" 1 ")


def test_a_state_that_nobody_knows_says_so_with_unit_time_and_what_to_write_until_a_known_one_comes() -> None:
    figures = everything()
    unknown(figures, FILLING, "capper", "runing")
    rows = drawn(figures, page(figures, 80), 40)
    (at,) = [n for n, row in enumerate(rows) if "unknown state" in row]
    assert re.match(r' !  03:25:05 filling/line-1/capper +unknown state "runing": not counted as run', rows[at])
    below = " ".join(row.strip() for row in rows[at + 1 : at + 3])
    assert below.startswith("→ add to the line's file: [units.metrics.state.codes] runing")
    assert 'runing = "execute"' in below
    assert 'capper since 03:25:05 unknown state "runing": not counted as running' in plain(figures, "en")
    unknown(figures, FILLING, "capper", "execute", NOW - 1000)
    unknown(figures, FILLING, "capper", "older", NOW - 50_000)
    assert "unknown state" not in "\n".join([*drawn(figures, page(figures, 80), 40), plain(figures, "en")])


def test_unknown_states_that_do_not_fit_are_counted_and_those_of_a_silent_line_are_not_said() -> None:
    figures = everything()
    for n in range(30):
        unknown(figures, FILLING, f"u{n}", f"strange-{n}", NOW - 1000 - n)
    for width, height in SIZES:
        rows = drawn(figures, page(figures, width), height)
        shown = sum('unknown state "strange' in row for row in rows)
        assert any(f"… {30 - shown} more unknown states" in row for row in rows)
        assert any("Open alarms: 2" in row for row in rows)
    silent = page(figures, 80, now_ms=NOW + 63_000)
    assert "unknown state" not in "\n".join(drawn(figures, silent, 40))


def test_a_missing_sample_is_said_in_capitals() -> None:
    figures = everything()
    assert not any("MISSING" in row for row in drawn(figures, page(figures, 140), 40))
    counted(figures, FILLING, gap=5)
    assert any("MISSING 5" in row for row in drawn(figures, page(figures, 140), 40))


def test_what_could_not_be_assigned_is_in_the_ledger_and_is_no_line() -> None:
    figures = Figures([], NOW - 60_000)
    counted(figures, "_unassigned")
    text = "\n".join(drawn(figures, page(figures, 80), 24))
    assert "received 2,815" in text
    assert "_unassigned" not in text
    assert "_unassigned" not in plain(everything(), "en")


def test_nothing_unprintable_reaches_the_screen() -> None:
    figures = everything()
    evil = "a\x1b[2J\u202eb"
    figures.note_results(FILLING, NOW, [result("state", f"{FILLING}/filler", NOW, {"state": evil}, "state")])
    figures.note_results("x\x1b/y", NOW, [heard("x\x1b/y", NOW - 10_000, evil)])
    for row in drawn(figures, page(figures, 140), 40) + plain(figures, "en").splitlines():
        assert row.isprintable(), row


def test_a_plain_line_says_what_the_screen_says() -> None:
    text = plain(everything(), "en").splitlines()
    assert text[0].startswith(
        "filling/line-1  running  OEE 80 % = availability 100 % × effectiveness 80 % × quality 100 %  240 parts/min  "
        "alarms: low  70 samples/s  latency 0.04 s  clock lag 2.2 s  ledger: stored 2,700, duplicate 78"
    )
    assert text[2].startswith("power/meters  measuring  total 936.0 kW")
    assert text[3] == "new/line-9  no sample yet"
    assert text[4] == "old/line-8  no data since 03:16:38"


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert Words("vi").decimal(1234.5, 1) == "1.234,5"
    assert Words("en").decimal(1234.5, 1) == "1,234.5"
