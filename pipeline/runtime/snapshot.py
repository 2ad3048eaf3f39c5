"""State of a role as bytes and back.

Rule: a snapshot carries the shape of the types it is made of, and is read only where they still have it; only our own
types and numpy arrays are ever built from it.
"""

import hashlib
import io
import pickle
from typing import TypeVar, get_args, get_type_hints

T = TypeVar("T")
SHAPE_SIZE = 8
_OWN = ("pipeline.core.", "pipeline.steps.", "pipeline.detectors.", "pipeline.alarms.")
_PLAIN = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("datetime", "date"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
}


class SnapshotError(ValueError):
    """These bytes are no snapshot that this version can read."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.startswith(_OWN) and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise SnapshotError(f"snapshot names {module}.{name}; expected values of this program only")


def shape(kind: type[object]) -> bytes:
    """A digest of the fields of a value type and of all that it is made of, whatever else this process has loaded."""
    told = sorted(f"{one.__module__}.{one.__qualname__}:{','.join(_fields(one))}" for one in parts(kind, set()))
    return hashlib.sha256("\n".join(told).encode()).digest()[:SHAPE_SIZE]


def _fields(kind: type[object]) -> list[str]:
    return [f"{name}={_spelled(hint)}" for name, hint in get_type_hints(kind).items() if name != "model_config"]


def _spelled(hint: object) -> str:
    return hint.__qualname__ if isinstance(hint, type) and not get_args(hint) else str(hint)


def parts(hint: object, seen: set[type[object]]) -> set[type[object]]:
    """Our own types in a hint, and those in their fields."""
    for part in get_args(hint):
        parts(part, seen)
    if isinstance(hint, type) and hint.__module__.startswith(_OWN) and hint not in seen:
        seen.add(hint)
        for inner in get_type_hints(hint).values():
            parts(inner, seen)
    return seen


def dump(state: object) -> bytes:
    return shape(type(state)) + pickle.dumps(state, protocol=5)


def load(kind: type[T], blob: bytes) -> T:
    """Raises SnapshotError."""
    if blob[:SHAPE_SIZE] != shape(kind):
        raise SnapshotError("snapshot was written by another version of this program")
    try:
        state = _Reader(io.BytesIO(blob[SHAPE_SIZE:])).load()
    except SnapshotError:
        raise
    except Exception as error:
        raise SnapshotError(f"snapshot cannot be read: {error}") from error
    if not isinstance(state, kind):
        raise SnapshotError(f"snapshot holds a {type(state).__name__}; expected {kind.__name__}")
    return state
