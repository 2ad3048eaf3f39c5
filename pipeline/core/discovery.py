"""Plugins are the files of a folder: a file's name is its kind, and it holds one public class or a few values.

Rule: a plugin folder holds only plugins, so a listing of it is the list of kinds; nothing registers itself.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from pipeline.core.errors import Bug, ConfigError
from pipeline.core.spelling import unknown


def known_kinds(folder: ModuleType) -> tuple[str, ...]:
    return tuple(sorted(module.name for module in iter_modules(folder.__path__)))


def plugin_files(folder: ModuleType) -> Iterator[tuple[str, ModuleType]]:
    """(kind, module) of every file in a plugin folder, by name."""
    for kind in known_kinds(folder):
        yield kind, import_module(f"{folder.__name__}.{kind}")


def plugin_class(folder: ModuleType, kind: str) -> type[object]:
    """The class of a kind, for instance of `pipeline.alarms`. Raises ConfigError for an unknown kind."""
    if kind not in known_kinds(folder):
        raise ConfigError(f"{folder.__name__}: {unknown('kind', kind, known_kinds(folder))}")
    module = import_module(f"{folder.__name__}.{kind}")
    classes = [
        one
        for name, one in vars(module).items()
        if isinstance(one, type) and one.__module__ == module.__name__ and not name.startswith("_")
    ]
    if len(classes) != 1:
        raise Bug(f"{module.__name__}: {len(classes)} public classes; expected exactly one")
    return classes[0]
