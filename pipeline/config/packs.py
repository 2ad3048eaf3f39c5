"""Packs: what lines of one trade have in common, merged under what a line says itself.

Rule: units, metrics and alarms are matched by name, key by key; the line's own entries keep their place, so that a
slip names the place in the line's own file.
"""

from pathlib import Path

from pipeline.config.checks import check_alarms, check_units
from pipeline.config.line_model import PackFile
from pipeline.config.slips import Slip, beside, validate
from pipeline.config.toml import Table, read_toml
from pipeline.core.errors import ConfigError
from pipeline.core.spelling import unknown

BUNDLED = Path(__file__).parent.parent / "packs"


class Packs:
    """The packs that a configuration folder may name: its own and the bundled ones; its own win."""

    def __init__(self, folder: Path) -> None:
        own = {path.stem: (path, f"packs/{path.name}") for path in sorted((folder / "packs").glob("*.toml"))}
        bundled = {path.stem: (path, f"bundled pack {path.name}") for path in sorted(BUNDLED.glob("*.toml"))}
        self._files = bundled | own
        self._read: dict[str, Table] = {}

    def merged(self, raw: Table) -> tuple[Table, list[Slip]]:
        """A line's tables on top of its pack's. Raises ConfigError with the slips of a broken pack."""
        name = raw.get("pack", "")
        if not isinstance(name, str) or not name:
            return raw, []
        if name not in self._files:
            return raw, [Slip(("pack",), unknown("pack", name, self._files))]
        return merge(self._pack(name), raw), []

    def _pack(self, name: str) -> Table:
        if name not in self._read:
            path, shown = self._files[name]
            raw = read_toml(path, shown)
            pack, slips = validate(PackFile, raw)
            if pack is not None:
                slips += beside(slips, [*check_units(pack.units), *check_alarms(pack.alarms, pack.units)])
            if slips:
                raise ConfigError(*(slip.line(shown) for slip in slips))
            self._read[name] = raw
        return self._read[name]


def merge(pack: Table, own: Table) -> Table:
    """Tables key by key; lists of named tables entry by entry; anything else is the line's own, if it has it."""
    merged = dict(own)
    for key, below in pack.items():
        above = own.get(key)
        if above is None:
            merged[key] = below
        elif isinstance(above, dict) and isinstance(below, dict):
            merged[key] = merge(below, above)
        elif isinstance(above, list) and isinstance(below, list) and key in ("units", "alarms"):
            merged[key] = _merge_named(below, above)
    return merged


def _merge_named(below: list[object], above: list[object]) -> list[object]:
    bases = {_name_of(entry): entry for entry in below if isinstance(entry, dict)}
    names = {_name_of(entry) for entry in above}
    own = [
        merge(bases[_name_of(entry)], entry) if isinstance(entry, dict) and _name_of(entry) in bases else entry
        for entry in above
    ]
    return own + [entry for name, entry in bases.items() if name not in names]


def _name_of(entry: object) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else ""
