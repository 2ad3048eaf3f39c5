"""State of a role as bytes and back.

Rule: a snapshot carries its schema version, and only our own value types and numpy arrays are ever built from it.
"""

import io
import pickle
from typing import TypeVar

T = TypeVar("T")
SCHEMA = 1
_BUILTINS = {"set", "frozenset", "dict", "list", "tuple", "slice", "bytearray", "complex"}
_NUMPY = {"numpy", "numpy._core.multiarray", "numpy._core.numeric", "numpy.dtypes"}


class SnapshotError(ValueError):
    """These bytes are no snapshot that this version can read."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        own = module.startswith(("pipeline.core.", "pipeline.steps.", "pipeline.detectors.", "pipeline.alarms."))
        if own or module in _NUMPY or (module == "builtins" and name in _BUILTINS):
            return super().find_class(module, name)
        raise SnapshotError(f"snapshot names {module}.{name}; expected values of this program only")


def dump(state: object) -> bytes:
    return SCHEMA.to_bytes(2, "little") + pickle.dumps(state, protocol=5)


def load(kind: type[T], blob: bytes) -> T:
    """Raises SnapshotError."""
    schema = int.from_bytes(blob[:2], "little")
    if schema != SCHEMA:
        raise SnapshotError(f"snapshot of schema {schema}; this version reads {SCHEMA}; start from the log again")
    try:
        state = _Reader(io.BytesIO(blob[2:])).load()
    except SnapshotError:
        raise
    except Exception as error:
        raise SnapshotError(f"snapshot cannot be read: {error}") from error
    if not isinstance(state, kind):
        raise SnapshotError(f"snapshot holds a {type(state).__name__}; expected {kind.__name__}")
    return state
