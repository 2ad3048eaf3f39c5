"""Reads one TOML file, or says in one line why it cannot be read.

Rule: a broken file names line and column; nothing here knows what the keys mean. A byte-order mark, as some editors put
before the text, is no part of it.
"""

import re
import tomllib
from pathlib import Path

from pipeline.core.errors import ConfigError, plain

Table = dict[str, object]
BYTE_ORDER_MARK = "\ufeff"


def read_toml(path: Path, name: str) -> Table:
    """`name` is how the file is called in slips."""
    text = ""
    try:
        text = path.read_bytes().decode("utf-8").removeprefix(BYTE_ORDER_MARK)
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 text; got byte {error.start}; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: {_place(str(error), text)}") from None
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read; got {plain(error)}; check the file and its permissions") from None


def _place(message: str, text: str) -> str:
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, re.DOTALL)
    if not found:
        return f"not TOML; got: {message.lower()}; correct the file"
    where = f"line {found[2]}, column {found[3]}: not TOML; got"
    name = _bare_name(text.split("\n")[int(found[2]) - 1], int(found[3]) - 1)
    if name and found[1] != "Invalid value":
        return f'{where} the name {name} without quotes; put the name in quotes: "{name}"'
    return f"{where}: {found[1].lower()}; correct the line"


def _bare_name(line: str, at: int) -> str:
    """The name around the first letter that none may have without quotes; "" where it is none."""
    around = (found for found in re.finditer(r"[^\s.=\[\]{},\"'#]+", line) if found.start() <= at < found.end())
    name = next((found[0] for found in around), "")
    return name if name and not line[at].isascii() else ""
