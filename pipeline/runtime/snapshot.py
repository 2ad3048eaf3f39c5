"""State of a role as bytes and back, in parts: one for each field of the state, and one for each entry of its `cut`.

Rules: only our own values, configurations and numpy arrays are ever built from a part. Fields are known by their names:
one that a part lacks has its default, one that nobody knows is refused. So a field may come, with a default that is
right for old states, in any version; where one goes or means something else SCHEMA rises, which is for minor versions
only, and the log is read again. A configuration stands there as in its record of the log, as JSON. The digest of all
of them is kept beside the parts, so that parts of one moment are together.
"""

import hashlib
import io
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

T = TypeVar("T")
Reduced = tuple[Callable[..., object], tuple[object, ...]]
Note = Callable[[bytes], None]
SCHEMA = 2
_OWN = ("pipeline.core.", "pipeline.steps.", "pipeline.detectors.", "pipeline.alarms.")
_PLAIN = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("datetime", "date"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
}
_COLUMN = ("numpy._core.numeric", "_frombuffer")


class SnapshotError(ValueError):
    """These bytes are no snapshot that this version can read."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`parts` by field, or by field/entry; `configuration`: digest of the configurations in them."""

    parts: Mapping[str, bytes]
    configuration: str
    schema: int = SCHEMA


def built(kind: type[object], kept: dict[str, object]) -> object:
    """A value of ours. Snapshots name this function."""
    return kind(**kept)


def configured(kind: type[BaseModel], body: bytes) -> BaseModel:
    """A configuration of ours. Snapshots name this function."""
    return kind.model_validate_json(body)


def _column(
    buffer: bytearray, kind: np.dtype[np.generic], shape: tuple[int, ...], order: Literal["C", "F"]
) -> npt.NDArray[np.generic]:
    """An array of numpy's own kind: beside the copy of it that a pickle makes, some of its functions are slow."""
    return np.frombuffer(buffer, np.dtype(kind.str)).reshape(shape, order=order)


class _Reducers(dict[type, Callable[[object], Reduced]]):
    """How values are taken apart, by type; `note` is told of each configuration."""

    def __init__(self, note: Note) -> None:
        super().__init__()
        self._note = note

    def __missing__(self, kind: type) -> Callable[[object], Reduced]:
        if not issubclass(kind, BaseModel) and not is_dataclass(kind):
            raise KeyError(kind)
        self[kind] = self._model if issubclass(kind, BaseModel) else _value
        return self[kind]

    def _model(self, value: object) -> Reduced:
        body = value.model_dump_json().encode() if isinstance(value, BaseModel) else b""
        self._note(body)
        return configured, (type(value), body)


def _value(value: object) -> Reduced:
    return built, (type(value), _kept(value))


def _kept(value: object) -> dict[str, object]:
    """Its fields, or those that it says it keeps."""
    kept = value.__getstate__()
    if isinstance(kept, dict):
        return kept
    return {field.name: getattr(value, field.name) for field in fields(value)} if is_dataclass(value) else {}


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, note: Note) -> None:
        super().__init__(file)
        self._note = note

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == (__name__, built.__name__):
            return built
        if (module, name) == (__name__, configured.__name__):
            return self._configured
        if (module, name) == _COLUMN:
            return _column
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.startswith(_OWN) and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise SnapshotError(f"snapshot names {module}.{name}; expected values of this program only")

    def _configured(self, kind: type[BaseModel], body: bytes) -> BaseModel:
        self._note(body)
        return configured(kind, body)


def dump(state: object, cut: str = "") -> Snapshot:
    """`cut`: the field, a table, of which each entry is a part of its own."""
    digest, parts = hashlib.sha256(), dict[str, bytes]()
    reducers = _Reducers(digest.update)

    def add(name: str, value: object) -> None:
        file = io.BytesIO()
        pickler = pickle.Pickler(file, protocol=5)
        pickler.dispatch_table = reducers
        pickler.dump(value)
        parts[name] = file.getvalue()

    for name, value in _kept(state).items():
        if name == cut and isinstance(value, dict):
            for key, entry in value.items():
                add(f"{name}/{key}", (key, entry))
        else:
            add(name, value)
    return Snapshot(parts, digest.hexdigest())


def load(kind: type[T], found: Snapshot) -> T:
    """Raises SnapshotError."""
    if found.schema != SCHEMA:
        raise SnapshotError(f"snapshot was written by another version of this program: schema {found.schema}")
    digest = hashlib.sha256()
    try:
        kept = _read(found.parts, digest.update)
        state = kind(**kept)
    except SnapshotError:
        raise
    except Exception as error:
        raise SnapshotError(f"snapshot cannot be read: {error}") from error
    if digest.hexdigest() != found.configuration:
        raise SnapshotError("snapshot holds parts under other configurations than it was written with")
    return state


def _read(parts: Mapping[str, bytes], note: Note) -> dict[str, object]:
    """The fields of a state."""
    kept, tables = dict[str, object](), dict[str, dict[object, object]]()
    for name, part in parts.items():
        value = _Reader(io.BytesIO(part), note).load()
        field, is_cut, _ = name.partition("/")
        if is_cut:
            key, entry = value
            tables.setdefault(field, {})[key] = entry
        else:
            kept[name] = value
    return kept | tables
