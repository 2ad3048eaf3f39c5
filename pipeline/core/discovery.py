"""Plugins are the files of a folder: a file's name is its kind. A new file is found without another line anywhere."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def plugin_files(folder: ModuleType) -> Iterator[tuple[str, ModuleType]]:
    """(kind, module) of every file in a plugin folder, by name."""
    for found in sorted(iter_modules(folder.__path__), key=lambda found: found.name):
        yield found.name, import_module(f"{folder.__name__}.{found.name}")
