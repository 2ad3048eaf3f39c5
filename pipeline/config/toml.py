"""Reads one TOML file, or says in one line why it cannot be read.

Rule: a broken file names line and column; nothing here knows what the keys mean.
"""

import re
import tomllib
from pathlib import Path

from pipeline.core.errors import ConfigError, plain

Table = dict[str, object]


def read_toml(path: Path, name: str) -> Table:
    """`name` is how the file is called in slips."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 text; got byte {error.start}; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: {_place(str(error))}") from None
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read; got {plain(error)}; check the file and its permissions") from None


def _place(message: str) -> str:
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, re.DOTALL)
    if found:
        return f"line {found[2]}, column {found[3]}: not TOML; got: {found[1].lower()}; correct the line"
    return f"not TOML; got: {message.lower()}; correct the file"
