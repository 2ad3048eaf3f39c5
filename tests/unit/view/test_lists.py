"""`parkpulse explain states|modes|roles|...`: every legal word of a configuration, in both languages."""

from typing import get_args

import pytest

from pipeline.cli.app import run
from pipeline.cli.explain import explanation
from pipeline.config.line_model import Window
from pipeline.config.packs import BUNDLED
from pipeline.core.line_config import Role
from pipeline.core.packml import MODE_NAMES, STATES
from pipeline.view import list_words
from pipeline.view.key_words import KEYS_VI
from pipeline.view.lists import LISTS
from pipeline.view.records import QUALITIES

NAMES = {
    "states": set(STATES.values()),
    "modes": MODE_NAMES,
    "roles": set(get_args(Role)),
    "packs": {path.stem for path in BUNDLED.glob("*.toml")},
    "windows": set(get_args(Window)),
    "families": {"own", "umh", "telegraf", "influx"},
    "units": {"ms", "s", "m", "h", "d", "B", "KiB", "MiB", "GiB", "kWh", "m³"},
    "qualities": set(map(str, range(len(QUALITIES)))),
    "environment": {"PARKPULSE_<NAME>", "PARKPULSE_<NAME>_FILE"},
}


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("kind", sorted(NAMES))
def test_every_legal_word_is_listed_with_what_it_means(kind: str, language: str) -> None:
    rows = [line.split(maxsplit=1) for line in explanation(kind, language).splitlines()[2:] if line.strip()]
    told = {row[0]: row[1:] for row in rows}
    assert told.keys() >= NAMES[kind]
    assert all(told[name] for name in NAMES[kind])


def test_the_list_without_a_kind_names_every_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {kind} " in shown for kind in LISTS)
    assert {*NAMES, "revision"} == {*LISTS}


def test_a_state_tells_its_code_its_name_for_people_and_what_it_counts_as() -> None:
    (row,) = [line for line in explanation("states", "vi").splitlines() if line.startswith("  execute ")]
    assert row.split(maxsplit=2)[1:] == ["6", "đang chạy       thời gian sản xuất thực: máy đang chạy"]
    assert "[units.metrics.state.codes]" in explanation("states", "en")


def test_it_says_where_a_password_is_read_from_and_why_a_row_has_a_revision() -> None:
    assert 'password_env = "PARKPULSE_<NAME>"' in explanation("environment")
    assert "replay into a running line" in " ".join(explanation("revision").split())


@pytest.mark.parametrize("kind", ["park", "line", "pack", "limit", "score", "silence"])
def test_no_sentence_of_a_sample_is_left_in_english(kind: str) -> None:
    english, vietnamese = (explanation(kind, language).splitlines() for language in ("en", "vi"))
    assert len(english) == len(vietnamese)
    remarks = [(en, vi) for en, vi in zip(english, vietnamese, strict=True) if en.startswith("## ") or en != vi]
    assert remarks
    assert [en for en, vi in remarks if en == vi] == []
    assert [line for line in vietnamese if "no default" in line] == []


def test_no_sentence_in_vietnamese_has_lost_its_english_one() -> None:
    samples = "\n".join(explanation(kind, "en") for kind in ("park", "line", "pack"))
    assert [english for english in KEYS_VI if english not in samples] == []


def test_every_text_of_the_lists_is_there_in_both_languages() -> None:
    tables = (list_words.ROLES, list_words.MODES, list_words.WINDOWS, list_words.FAMILIES, list_words.ENVIRONMENT)
    for english, vietnamese in [both for table in tables for both in table.values()] + [*list_words.REVISION]:
        assert english
        assert vietnamese
        assert english != vietnamese
    for pack in BUNDLED.glob("*.toml"):
        english, vietnamese, after = pack.read_text("utf-8").splitlines()[:3]
        assert english.startswith("# ")
        assert vietnamese.startswith("# ")
        assert not vietnamese.isascii()
        assert after == ""
    assert len(list_words.QUALITIES_VI) == len(QUALITIES)
