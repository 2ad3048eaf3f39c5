"""PackML (ISA-TR88.00.02) states and modes: numbers to names, and the time element a moment belongs to.

Rule: names are stored, never numbers; every (state, mode, order) has exactly one element. The calendar (what is no
planned busy time at all) is decided elsewhere, before this.

>>> canonical_name("Start-up "), element_of("Execute", "Production")
('start_up', 'apt')
"""

import sys
from collections.abc import Mapping
from typing import Literal

Element = Literal["apt", "aust", "adet", "adot", "unclassified"]

STATES: dict[int, str] = {
    0: "undefined", 1: "clearing", 2: "stopped", 3: "starting", 4: "idle", 5: "suspended", 6: "execute",
    7: "stopping", 8: "aborting", 9: "aborted", 10: "holding", 11: "held", 12: "unholding", 13: "suspending",
    14: "unsuspending", 15: "resetting", 16: "completing", 17: "complete",
}  # fmt: skip
MODES: dict[int, str] = {1: "production", 2: "maintenance", 3: "manual"}
PROGRAMS: dict[int, str] = {  # Weihenstephan Standards, sent as the mode by machines that follow them
    0: "undefined", 1: "production", 2: "start_up", 4: "run_down", 8: "clean", 16: "changeover", 32: "maintenance",
    64: "break",
}  # fmt: skip

STATE_NAMES: frozenset[str] = frozenset(STATES.values())
MODE_NAMES: frozenset[str] = frozenset({*MODES.values(), *PROGRAMS.values(), "setup"})
NAMES: frozenset[str] = STATE_NAMES | MODE_NAMES
NAMED: dict[str, frozenset[str]] = {"state": STATE_NAMES, "mode": MODE_NAMES}  # role of a metric -> what it may say
KNOWN_STATES: frozenset[str] = STATE_NAMES - {"undefined"}
PRODUCING: frozenset[str] = frozenset({"", "undefined", "production", "start_up", "run_down"})  # "": sends no mode
SETUP: frozenset[str] = frozenset({"changeover", "setup"})

# name of a table of codes, role of the metric -> the table
CODE_TABLES: dict[tuple[str, str], dict[int, str]] = {
    ("packml", "state"): STATES,
    ("packml", "mode"): MODES,
    ("weihenstephan", "mode"): PROGRAMS,
}


def canonical_name(name: str) -> str:
    """Casefolded, blanks and hyphens as `_`: how state and mode names are compared. One text a name, for many of them
    are kept as long as the horizon."""
    return sys.intern(name.strip().casefold().replace(" ", "_").replace("-", "_"))


def meant(sent: str, codes: Mapping[str, str]) -> str:
    """The name that a machine means by what it sends: its own codes first, then the name itself.

    >>> meant("RUN", {"run": "execute"}), meant("Held", {}), meant("RUNING", {})
    ('execute', 'held', 'runing')
    """
    return codes.get(sent) or codes.get(canonical_name(sent)) or canonical_name(sent)


def code_table(name: str, role: str) -> dict[str, str] | None:
    """Text of a number -> canonical name, or None where no such table exists for the role."""
    table = CODE_TABLES.get((name, role))
    return None if table is None else {str(code): state for code, state in table.items()}


def element_of(state: str, mode: str, has_order: bool = True) -> Element:
    """First match wins: unknown state, maintenance, setup, producing in execute, and everything else is a stop."""
    state, mode = canonical_name(state), canonical_name(mode)
    if state not in KNOWN_STATES:
        return "unclassified"
    if mode == "maintenance":
        return "adet" if has_order else "adot"
    if mode in SETUP:
        return "aust"
    if mode in PRODUCING and state == "execute":
        return "apt"
    return "adet" if has_order else "adot"
