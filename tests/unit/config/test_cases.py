"""Golden folders: a configuration and what it is told, one line a slip; which plugins there are is no part of it."""

import re
from pathlib import Path

import pytest

from pipeline.config.read import read_config
from pipeline.core.errors import ConfigError

CASES = Path(__file__).parents[2] / "cases" / "config"


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_a_wrong_configuration_is_told_all_its_slips(case: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_config(CASES / case)
    expected = (CASES / case / "expected_error.txt").read_text("utf-8")
    assert plugins_aside("\n".join(refused.value.slips)) == plugins_aside(expected.removesuffix("\n"))


def plugins_aside(told: str) -> str:
    return re.sub(r"known (kinds|packs): [^;\n]*", r"known \1", told)


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such folder; expected .*park\.toml") as refused:
        read_config(tmp_path / "nowhere")
    assert len(refused.value.slips) == 1


def test_a_folder_without_park_toml_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no park\.toml there") as refused:
        read_config(tmp_path)
    assert len(refused.value.slips) == 1


def test_a_file_in_place_of_the_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "park.toml").write_text("")
    with pytest.raises(ConfigError, match="a file, not a folder"):
        read_config(tmp_path / "park.toml")
