"""`parkpulse inbox`: states and modes that no table knows, and the rows of codes that give them a meaning."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli.app import run
from pipeline.config.read import read_config
from pipeline.core.line_config import LineConfig, MetricConfig, UnitConfig
from pipeline.core.ports import Record
from pipeline.view.inbox import Inbox, declared_series, inbox_table, named_series
from tests.unit.view.inbox_park import (
    COUNT,
    FILE,
    LINE,
    NEW,
    PARK,
    TIME,
    Captured,
    Rows,
    Value,
    Write,
    frame,
    paste_all,
    series,
)
from tests.unit.view.test_screen import ENGLISH, VIETNAMESE, letters

STRANGE: dict[str, Rows] = {
    LINE: [
        *series("state", ["RUNING", "Execute", "Runing", "undefined", 6.0]),
        *series("modus", ["prodction", "Production"]),
        *series("state", ["Held", "stoped"], "capper"),
    ]
}
MODES = '[units.metrics.modus]\nrole = "mode"\n'


def test_what_a_state_says_that_nobody_knows_is_listed_with_the_row_of_codes_to_paste(
    folder: Path, write: Write, capsys: Captured
) -> None:
    file = folder / "lines" / "line-1.toml"
    file.write_text(FILE.replace("\n# below", f"{MODES}\n# below"), encoding="utf-8")
    write(0, STRANGE)
    assert run(["inbox", str(folder), "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["unit"], row["name"], row["kind"], row["count"], row["values"], row["role"]) for row in rows] == [
        ("capper", "state", "text", 2, "Held, stoped", ""),
        ("filler", "modus", "unknown_state", 1, "prodction", "mode"),
        ("filler", "state", "unknown_state", 3, "RUNING, Runing, 6", "state"),
    ]
    assert run(["inbox", str(folder)]) == 0
    shown = capsys.readouterr()
    assert "[units.metrics.state.codes]\n# means nothing known, 1 a second" in shown.out
    assert 'runing = "execute"  # a suggestion; other names: parkpulse explain states\n' in shown.out
    assert '# 6 = "…"  # take the # away and name one of: parkpulse explain states\n' in shown.out
    assert "inbox: 1 undeclared metric, 2 metrics with states that nobody knows; seen in" in shown.err


def test_no_english_is_left_in_a_vietnamese_inbox(folder: Path, write: Write, capsys: Captured) -> None:
    (folder / "park.toml").write_text(PARK.replace('"en"', '"vi"'), encoding="utf-8")
    write(0, {**STRANGE, NEW: [*series("torque", [2.5, 1.25]), *series("energy", COUNT), *series("speed", [1.0], "")]})
    assert run(["inbox", str(folder)]) == 0
    shown = capsys.readouterr()
    remarks = [line.partition("# ")[2] for line in shown.out.splitlines() if "# " in line]
    said = letters(
        re.sub(r'"[^"]*"|lines/\S+|\w+ = |parkpulse explain \w+|pace_unit', "", "\n".join([*remarks, shown.err]))
    )
    assert {"gợi", "dán", "bộ", "trạng"} <= said
    assert said & (ENGLISH - VIETNAMESE - letters(LINE + NEW)) - {"inbox", "speed"} == set()
    assert "1,25 đến 2,5" in shown.out
    assert "2.5" not in shown.out


def test_pasted_rows_of_codes_give_the_states_a_meaning_and_empty_the_inbox(folder: Path) -> None:
    (folder / "lines" / "line-1.toml").write_text(FILE.replace("\n# below", f"{MODES}\n# below"), encoding="utf-8")
    frames = {LINE: [*series("state", ["RUNING", "Runing", 'say "x"\nrun', "dừng"]), *series("modus", ["prodction"])]}
    paste_all(folder, frames)
    config = read_config(folder)
    inbox = Inbox(declared_series(config.lines), "", named_series(config.lines))
    inbox.take([Record(0, 0, TIME, LINE.encode(), frame(frames[LINE]))])
    assert inbox_table(inbox)["values"].to_list() == [['say "x"\nrun']]
    assert {m.name: m.codes for m in config.lines[0].units[0].metrics} == {
        "state": {"runing": "execute", "dừng": "stopped"}, "modus": {"prodction": "production"},
    }  # fmt: skip


def test_a_table_that_a_pack_names_is_written_out_so_that_its_codes_still_count(folder: Path) -> None:
    (folder / "lines" / "line-1.toml").write_text(f'path = "{LINE}"\npack = "dairy-filling"\n', encoding="utf-8")
    before = read_config(folder).lines[0]
    paste_all(folder, {LINE: [*series("state", ["RUNING", 6.0]), *series("torque", [1.0])]})
    after = read_config(folder).lines[0]
    codes = [{m.name: m.codes for m in line.units[0].metrics}["state"] for line in (before, after)]
    assert codes[1] == codes[0] | {"runing": "execute"}
    assert (LINE, "filler", "torque") in declared_series([after])


@pytest.mark.parametrize("codes", ['codes = "packml"', 'codes = { 9 = "held" }'])
def test_where_codes_stand_already_the_rows_are_for_the_hand(
    folder: Path, write: Write, capsys: Captured, codes: str
) -> None:
    text = FILE.replace('role = "state"\n', f'role = "state"\n{codes}\n')
    (folder / "lines" / "line-1.toml").write_text(text, encoding="utf-8")
    write(0, {LINE: [*series("state", ["RUNING", 42.0]), *series("torque", [1.0])]})
    assert run(["inbox", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "state of unit filler has codes already" in shown
    assert '# 42 = "…"' in shown
    assert ('6 = "execute"' in shown) == (codes == 'codes = "packml"')
    assert '# lines/line-1.toml: paste after row 7, below unit "filler"\n[units.metrics.torque]' in shown


@given(
    st.lists(st.sampled_from(["Execute", "RUNING", "Held", "?", 6.0, 42.0]), min_size=1, max_size=9), st.integers(1, 9)
)
def test_a_state_is_strange_whatever_the_poll_it_came_in(values: list[Value], cut: int) -> None:
    state = MetricConfig(name="state", role="state", codes={"6": "execute"})
    line = LineConfig(path=LINE, units=(UnitConfig(name="filler", metrics=(state,)),))
    inbox = Inbox(declared_series([line]), "", named_series([line]))
    rows = series("state", values)
    for part in (rows[:cut], rows[cut:]):
        inbox.take([Record(0, 0, TIME, LINE.encode(), frame(part))] if part else [])
    strange = [value for value in values if value in ("RUNING", "?", 42.0)]
    expected = [str(value).removesuffix(".0") for value in dict.fromkeys(strange)]
    assert inbox_table(inbox)["values"].to_list() == ([expected] if strange else [])
    assert inbox_table(inbox)["count"].to_list() == ([len(strange)] if strange else [])
