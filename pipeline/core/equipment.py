"""Names of equipment, metrics and alarms, and paths made of them.

Rule: nothing here knows how many levels there are; a name is 1-64 letters, digits, `-`, `_` or `.` in NFC, not
beginning with `_`. Letters of any script count, with the marks that belong to them.

>>> name_slip("dây-chuyền.1"), name_slip("_raw")
('', "begins with '_'")
>>> mend_name("Motor current [A]")
'Motor_current_A_'
"""

import unicodedata

MAX_NAME = 64
MAX_PATH = 1_024  # bytes: what a topic of MQTT still carries with room for what stands around it
UNASSIGNED = "_unassigned"  # the pseudo-line of what names no line


def name_slip(name: str) -> str:
    """What is wrong with a name, or "" when it is legal."""
    if not name:
        return "is empty"
    if len(name) > MAX_NAME:
        return f"is longer than {MAX_NAME} characters"
    if name[0] == "_":
        return "begins with '_'"
    if not unicodedata.is_normalized("NFC", name):
        return "is not in Unicode form NFC"
    bad = next((char for char in name if not _is_legal(char)), "")
    if bad:
        return f"holds {bad!r}, only letters, digits, '-', '_' and '.' are allowed"
    return "begins with a mark" if unicodedata.category(name[0])[0] == "M" else ""


def path_slip(path: str) -> str:
    """What is wrong with the names of a path, or ""."""
    if len(path.encode()) > MAX_PATH:
        return f"is longer than {MAX_PATH} bytes"
    for name in path.split("/"):
        if slip := name_slip(name):
            return f"the level {name!r} {slip}" if name else "a level is empty"
    return ""


def line_slip(path: str) -> str:
    """What is wrong with the path of a line, or of the pseudo-line, or ""."""
    return "" if path == UNASSIGNED else path_slip(path)


def is_below(path: str, top: str) -> bool:
    """Whole levels only; everything is below "".

    >>> is_below("a/b", "a"), is_below("a", "a"), is_below("ab", "a"), is_below("ab", "")
    (True, True, False, True)
    """
    return not top or path == top or path.startswith(f"{top}/")


def mend_name(name: str) -> str:
    """A legal name for a foreign one: what is forbidden becomes `_` (runs of it one), a leading `_` or mark goes."""
    mended = ""
    for char in unicodedata.normalize("NFC", name.strip()):
        if _is_legal(char):
            mended += char
        elif not mended.endswith("_"):
            mended += "_"
    while mended and (mended[0] == "_" or unicodedata.category(mended[0])[0] == "M"):
        mended = mended[1:]  # neither begins a name
    return mended[:MAX_NAME]


def _is_legal(char: str) -> bool:
    return char in "-_." or unicodedata.category(char)[0] in "LM" or unicodedata.category(char) == "Nd"
