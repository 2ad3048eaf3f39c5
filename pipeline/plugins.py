"""Plugins by kind: a kind is the name of a file in a plugin folder, its class the one public class in there.

Rule: a plugin folder holds only plugins, so a listing of it is the list of kinds; nothing registers itself.

>>> import pipeline.alarms
>>> plugin_class(pipeline.alarms, "limit").__name__
'Limit'
"""

import importlib
from pkgutil import iter_modules
from types import ModuleType

from pipeline.core.errors import Bug, ConfigError
from pipeline.core.spelling import unknown


def known_kinds(folder: ModuleType) -> tuple[str, ...]:
    return tuple(sorted(module.name for module in iter_modules(folder.__path__)))


def plugin_class(folder: ModuleType, kind: str) -> type[object]:
    """The class of a kind, for instance of `pipeline.alarms`. Raises ConfigError for an unknown kind."""
    if kind not in known_kinds(folder):
        raise ConfigError(f"{folder.__name__}: {unknown('kind', kind, known_kinds(folder))}")
    module = importlib.import_module(f"{folder.__name__}.{kind}")
    classes = [
        one
        for name, one in vars(module).items()
        if isinstance(one, type) and one.__module__ == module.__name__ and not name.startswith("_")
    ]
    if len(classes) != 1:
        raise Bug(f"{module.__name__}: {len(classes)} public classes; expected exactly one")
    return classes[0]
