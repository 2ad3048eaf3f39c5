"""State of a role as bytes and back.

Rule: a snapshot carries the shape of our value types, and is read only where they still have it; only these types and
numpy arrays are ever built from it.
"""

import hashlib
import io
import pickle
import sys
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TypeVar

from pipeline.steps.alarms import rules

T = TypeVar("T")
SHAPE_SIZE = 8
_OWN = ("pipeline.core.", "pipeline.steps.", "pipeline.detectors.", "pipeline.alarms.")
_BUILTINS = {"set", "frozenset", "dict", "list", "tuple", "slice", "bytearray", "complex"}
_NUMPY = {"numpy", "numpy._core.multiarray", "numpy._core.numeric", "numpy.dtypes"}


class SnapshotError(ValueError):
    """These bytes are no snapshot that this version can read."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if module.startswith(_OWN) or module in _NUMPY or (module == "builtins" and name in _BUILTINS):
            return super().find_class(module, name)
        raise SnapshotError(f"snapshot names {module}.{name}; expected values of this program only")


@cache
def shape() -> bytes:
    """A digest of the names of all fields of all our value types."""
    rules()  # plugins are loaded when first asked for, and belong to the shape from the start
    told = sorted(
        f"{name}.{kind}:{','.join(field.name for field in fields(value))}"
        for name, module in list(sys.modules.items())
        if name.startswith(_OWN)
        for kind, value in vars(module).items()
        if isinstance(value, type) and is_dataclass(value)
    )
    return hashlib.sha256("\n".join(told).encode()).digest()[:SHAPE_SIZE]


def dump(state: object) -> bytes:
    return shape() + pickle.dumps(state, protocol=5)


def load(kind: type[T], blob: bytes) -> T:
    """Raises SnapshotError."""
    if blob[:SHAPE_SIZE] != shape():
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
