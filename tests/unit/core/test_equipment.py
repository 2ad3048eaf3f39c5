"""Names of equipment: letters of any script, and nothing that breaks a path or a topic."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.equipment import mend_name, name_slip, path_slip


@pytest.mark.parametrize("name", ["line-1", "Dây-chuyền_1.a", "กระป๋อง", "充填機", "x" * 64, "1", "-", "a_"])
def test_letters_of_any_script_are_legal(name: str) -> None:
    assert name_slip(name) == ""


@pytest.mark.parametrize(
    "name",
    ["", "_raw", "a/b", "a b", "a+", "#", "x" * 65, "a\n", "²", unicodedata.normalize("NFD", "chuyền"), "\u0301a"],
)
def test_what_breaks_paths_topics_or_equality_is_refused(name: str) -> None:
    assert name_slip(name)


@given(st.text())
def test_a_mended_name_is_legal_or_empty(text: str) -> None:
    mended = mend_name(text)
    assert mended == "" or name_slip(mended) == ""


@given(st.text(alphabet="abcĐ1-._", min_size=1, max_size=64).filter(lambda name: name[0] != "_"))
def test_a_legal_name_needs_no_mending(name: str) -> None:
    assert mend_name(name) == name


def test_a_path_says_which_level_is_wrong() -> None:
    assert path_slip("dairy/_filling/line-1") == "the level '_filling' begins with '_'"
    assert path_slip("dairy//line-1") == "a level is empty"
    assert path_slip("dairy/filling/line-1") == ""
