"""What a text may mean that no table of states or modes knows, and how a line's file says so.

Rule: a guess is a suggestion; it is made from spelling and from the words of makers, never from what a machine did.

>>> perhaps("runing", "state"), perhaps("ĐANG CHẠY", "state"), perhaps("prodction", "mode"), perhaps("42", "state")
('execute', 'execute', 'production', '')
>>> codes_row("runing", "execute"), codes_row("lỗi 7", "")
('runing = "execute"', '"lỗi 7" = "…"')
"""

import re
from difflib import get_close_matches

from pipeline.core.packml import NAMED, canonical_name

CLOSE = 0.75
_SAID: dict[str, dict[str, tuple[str, ...]]] = {  # by role: name -> what makers say for it
    "state": {
        "execute": ("run", "running", "producing", "đang_chạy", "chạy"),
        "idle": ("ready", "standby", "sẵn_sàng"),
        "held": ("pause", "paused", "tạm_dừng"),
        "suspended": ("starved", "blocked", "waiting"),
        "stopped": ("stop", "off", "dừng", "đã_dừng"),
        "aborted": ("fault", "faulted", "error", "alarm", "emergency_stop", "lỗi"),
    },
    "mode": {
        "production": ("auto", "automatic", "producing", "sản_xuất"),
        "maintenance": ("service", "bảo_trì"),
        "changeover": ("change_over", "đổi_mã"),
        "clean": ("cleaning", "cip", "vệ_sinh"),
    },
}


def perhaps(text: str, role: str) -> str:
    """The name that is meant, or "" where none is near."""
    names = {name: name for name in NAMED[role]} | {word: name for name, words in _SAID[role].items() for word in words}
    near = get_close_matches(canonical_name(text), names, n=1, cutoff=CLOSE)
    return names[near[0]] if near else ""


def codes_row(text: str, name: str) -> str:
    """A row of `codes`."""
    return f'{toml_key(text)} = "{name or "…"}"'


def toml_key(text: str) -> str:
    """A key of TOML for any text, on one line.

    >>> toml_key("a\\nb"), toml_key('say "x"')
    ('"a\\\\U0000000ab"', '"say \\\\"x\\\\""')
    """
    if re.fullmatch(r"[A-Za-z0-9_-]+", text):
        return text
    marked = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in marked) + '"'
