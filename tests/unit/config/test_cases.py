"""Golden folders: a configuration and what it is told, one line a slip or a hint; which plugins there are is no part
of it."""

import re
from pathlib import Path

import pytest

from pipeline.config.read import read_config
from pipeline.core.errors import ConfigError

CASES = Path(__file__).parents[2] / "cases" / "config"


def cases(told: str) -> list[str]:
    return sorted(path.parent.name for path in CASES.glob(f"*/{told}"))


@pytest.mark.parametrize("case", cases("expected_error.txt"))
def test_a_wrong_configuration_is_told_all_its_slips(case: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_config(CASES / case)
    expected = (CASES / case / "expected_error.txt").read_text("utf-8")
    assert plugins_aside("\n".join(refused.value.slips)) == plugins_aside(expected.removesuffix("\n"))


@pytest.mark.parametrize("case", cases("expected_hints.txt"))
def test_a_poor_configuration_passes_and_is_told_what_it_will_lack(case: str) -> None:
    expected = (CASES / case / "expected_hints.txt").read_text("utf-8")
    assert read_config(CASES / case).hints == tuple(expected.splitlines())


def test_every_case_says_what_is_told() -> None:
    assert len(cases("expected_error.txt") + cases("expected_hints.txt")) == len(list(CASES.iterdir()))


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
