"""PackML states and modes: names, and exactly one element for every moment."""

from itertools import product

import pytest

from pipeline.core.packml import MODES, PROGRAMS, STATES, canonical_name, code_table, element_of

ALL_STATES = [*STATES.values(), "", "running", "EXECUTE"]
ALL_MODES = sorted({*MODES.values(), *PROGRAMS.values(), "", "setup", "cip", "user_4"})


def expected(state: str, mode: str, has_order: bool) -> str:
    """The table of the domain, read row by row."""
    stop = "adet" if has_order else "adot"
    rows = [
        (state.lower() not in STATES.values() or state == "undefined", "unclassified"),
        (mode == "maintenance", stop),
        (mode in ("changeover", "setup"), "aust"),
        (mode in ("production", "start_up", "run_down", "undefined", "") and state.lower() == "execute", "apt"),
        (True, stop),
    ]
    return next(element for holds, element in rows if holds)


def test_every_instant_has_exactly_one_element() -> None:
    for state, mode, has_order in product(ALL_STATES, ALL_MODES, (True, False)):
        assert element_of(state, mode, has_order) == expected(state, mode, has_order), (state, mode, has_order)


def test_only_execute_in_production_is_production_time() -> None:
    producing = {
        (state, mode) for state, mode in product(STATES.values(), MODES.values()) if element_of(state, mode) == "apt"
    }
    assert producing == {("execute", "production")}


def test_the_17_states_have_the_numbers_of_the_standard() -> None:
    assert len(STATES) == 18
    assert (STATES[0], STATES[2], STATES[6], STATES[11], STATES[17]) == (
        "undefined",
        "stopped",
        "execute",
        "held",
        "complete",
    )


@pytest.mark.parametrize("sent, name", [(" Execute ", "execute"), ("START-UP", "start_up"), ("Run Down", "run_down")])
def test_names_are_compared_casefolded_with_blanks_and_hyphens_as_underscores(sent: str, name: str) -> None:
    assert canonical_name(sent) == name


def test_a_table_of_codes_belongs_to_a_role() -> None:
    states, modes = code_table("packml", "state"), code_table("packml", "mode")
    assert states is not None
    assert modes == {"1": "production", "2": "maintenance", "3": "manual"}
    assert states["6"] == "execute"
    assert code_table("packml", "power") is None
