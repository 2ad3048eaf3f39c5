"""The path that a person means: the whole one, or as many of its last levels as are unique.

>>> whole_path("filler", ["park/line-1/filler", "park/line-2/capper"])
'park/line-1/filler'
>>> whole_path("line-2/", ["park/line-1/filler", "park/line-2/capper"])
'park/line-2'
"""

from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import normalize

from pipeline.core.errors import ConfigError

NAMED = 5


def whole_path(asked: str, known: Iterable[str]) -> str:
    """Of what ends with `asked`, the one; `asked` itself where nothing does. Any level of a known path can be asked."""
    asked = normalize("NFC", asked).strip("/")
    paths = all_levels(known)
    if not asked or asked in paths:
        return asked
    ending = [path for path in paths if path.endswith(f"/{asked}")]
    if len(ending) > 1:
        more = f" (+{len(ending) - NAMED} more)" if len(ending) > NAMED else ""
        candidates = ", ".join(ending[:NAMED]) + more
        raise ConfigError(f"--equipment: more than one ends so; got {asked!r}; expected one of {candidates}")
    return ending[0] if ending else asked


def near(asked: str, known: Iterable[str]) -> list[str]:
    """Paths whose last name is like that of `asked`, best first."""
    by_name: dict[str, list[str]] = {}
    for path in all_levels(known):
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    names = get_close_matches(asked.rpartition("/")[2], by_name, n=NAMED)
    return [path for name in names for path in by_name[name]][:NAMED]


def all_levels(known: Iterable[str]) -> list[str]:
    """
    >>> all_levels(["a/b/c", "a/d"])
    ['a', 'a/b', 'a/b/c', 'a/d']
    """
    names = (path.split("/") for path in known)
    return sorted({"/".join(levels[:n]) for levels in names for n in range(1, len(levels) + 1)})
