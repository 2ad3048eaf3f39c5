"""Samples that `parkpulse explain` prints: valid as they stand, and still so with every default uncommented."""

import re
from pathlib import Path

import pytest

import pipeline.alarms
from pipeline.cli.explain import explanation
from pipeline.config.read import read_config
from pipeline.config.sample import toml_value
from pipeline.config.section import Section
from pipeline.core.discovery import known_kinds
from pipeline.core.errors import ConfigError

RULES = known_kinds(pipeline.alarms)
LINE = 'path = "a/b/c/d/e/f"\n[[units]]\nname = "filler"\n[units.metrics.h2o2_temp]\n'


def uncommented(sample: str) -> str:
    return re.sub(r"^# ", "", sample, flags=re.MULTILINE)


def written(folder: Path, park: str = "", line: str = LINE) -> None:
    (folder / "lines").mkdir()
    (folder / "park.toml").write_text(park, "utf-8")
    (folder / "lines" / "one.toml").write_text(line, "utf-8")


@pytest.mark.parametrize("change", [str, uncommented])
def test_the_samples_of_park_and_line_are_a_valid_folder(change: type[str], tmp_path: Path) -> None:
    written(tmp_path, change(explanation("park")), change(explanation("line")))
    assert len(read_config(tmp_path).lines) == 1


@pytest.mark.parametrize("change", [str, uncommented])
def test_the_sample_of_a_pack_is_a_valid_pack(change: type[str], tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "own.toml").write_text(change(explanation("pack")), "utf-8")
    written(tmp_path, line='path = "a/b/c/d/e/f"\npack = "own"\n')
    assert read_config(tmp_path).lines[0].alarms


@pytest.mark.parametrize("rule", RULES)
def test_the_sample_of_a_rule_is_a_valid_alarm(rule: str, tmp_path: Path) -> None:
    written(tmp_path, line=LINE + explanation(rule))
    assert read_config(tmp_path).lines[0].alarms[0].kind == rule


def test_the_sample_of_a_rule_shows_only_the_keys_that_decide_in_it() -> None:
    assert "after = " not in explanation("limit")
    assert "deadband = " not in explanation("silence")


def test_every_key_has_a_sentence() -> None:
    for section in Section.__subclasses__():
        for name, field in section.model_fields.items():
            assert (field.description or "").endswith("."), f"{section.__name__}.{name}"


def test_a_kpi_is_explained_by_formula_unit_and_elements() -> None:
    assert re.search(r"formula +apt / pbt.*\nelements +apt_ms, pbt_ms\nunit +ratio", explanation("availability"))


def test_an_unknown_kind_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"unknown kind 'silense'; known kinds: .*; did you mean 'silence'"):
        explanation("silense")


def test_values_are_written_as_toml_reads_them() -> None:
    assert toml_value({"a b": [1, True, 'x"y\\']}) == '{ "a b" = [1, true, "x\\"y\\\\"] }'
