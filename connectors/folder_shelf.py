"""A shelf in a folder: blocks appended to files of some MB, each file dropped whole once nothing on it is asked for.

Rules: a file that was here before is never written again; what is damaged or gone is as if it had not been kept.
"""

import os
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from pipeline.core.errors import Unavailable
from pipeline.core.ports import Place

FULL = 64 << 20


@dataclass
class FolderShelf:
    folder: Path
    number: int = field(init=False)
    end: int = 0
    file: BinaryIO | None = None

    def __post_init__(self) -> None:
        self.number = max(self._numbers(), default=-1) + 1

    @property
    def name(self) -> str:
        """Given once, and kept beside the blocks."""
        path = self.folder / "name"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(uuid4().hex)
        return path.read_text()

    def _numbers(self) -> list[int]:
        return [int(path.stem) for path in self.folder.glob("*.blocks") if path.stem.isdigit()]

    def _path(self, number: int) -> Path:
        return self.folder / f"{number}.blocks"

    def put(self, block: bytes) -> Place:
        try:
            if self.file is not None and self.end >= FULL:
                self._next()
            if self.file is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self.file = self._path(self.number).open("xb")
            self.file.write(block)
        except OSError as error:
            self._next()
            raise self._trouble(error) from error
        place = Place(self.number, self.end, len(block), zlib.crc32(block))
        self.end += len(block)
        return place

    def _next(self) -> None:
        """What was begun is left as it is."""
        if self.file is not None:
            with suppress(OSError):  # what it could not write is found damaged
                self.file.close()
        self.file, self.end, self.number = None, 0, self.number + 1

    def _trouble(self, error: OSError) -> Unavailable:
        return Unavailable(
            f"horizon store {self.folder}: cannot be written: {error}; expected room and permission; samples of the "
            "horizon wait in memory until then"
        )

    def get(self, place: Place) -> bytes:
        try:
            if self.file is not None:
                self.file.flush()
            with self._path(place.file).open("rb") as file:
                file.seek(place.offset)
                block = file.read(place.length)
        except OSError:
            return b""
        return block if zlib.crc32(block) == place.crc else b""

    def holds(self, places: Iterable[Place]) -> bool:
        ends: dict[int, int] = {}
        for place in places:
            ends[place.file] = max(place.offset + place.length, ends.get(place.file, 0))
        return all(_size(self._path(number)) >= end for number, end in ends.items())

    def flush(self) -> None:
        if self.file is not None:
            try:
                self.file.flush()
                os.fsync(self.file.fileno())
            except OSError as error:
                raise self._trouble(error) from error

    def keep(self, places: Iterable[Place]) -> None:
        kept = {place.file for place in places} | {self.number}
        for number in set(self._numbers()) - kept:
            self._path(number).unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
