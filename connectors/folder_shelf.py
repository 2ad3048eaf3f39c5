"""A shelf in a folder: blocks appended to files of some MB, each file dropped whole once nothing on it is asked for.

Rules: a file that was here before is never written again; what is damaged or gone is as if it had not been kept. A
partition that moves finds its blocks where another of this machine kept them: they are linked, not copied, and what
that one writes from then on has other places.
"""

import os
import random
import shutil
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
APART = 1 << 40  # of such numbers no two are the same


def shelf_of(home: Path, own: str, kept_by: str) -> "FolderShelf":
    """The shelf of this name; where `kept_by` is another one in `home`, with the blocks of that one."""
    mine = FolderShelf(home / own)
    if not kept_by or kept_by in (mine.name, mine.was):
        return mine
    others = [FolderShelf(path.parent) for path in sorted(home.glob("*/name")) if path.parent.name != own]
    found = next((one for one in others if one.name == kept_by), None)
    found = found or next((one for one in others if one.was == kept_by), None)
    return mine if found is None else _taken_over(mine.folder, found, kept_by)


def _taken_over(folder: Path, other: "FolderShelf", kept_by: str) -> "FolderShelf":
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for path in other.folder.glob("*.blocks"):
        with suppress(FileNotFoundError):  # its owner needs it no longer
            (fresh / path.name).hardlink_to(path)
    (fresh / f"{random.randrange(APART)}.blocks").touch()
    (fresh / "name").write_text(f"{uuid4().hex}\n{kept_by}")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return FolderShelf(folder)


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
        return self._names()[0]

    @property
    def was(self) -> str:
        return self._names()[1]

    def _names(self) -> tuple[str, str]:
        """Given once, and kept beside the blocks: its own, and that of the shelf whose blocks it took over."""
        path = self.folder / "name"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(uuid4().hex)
        own, _, was = path.read_text().partition("\n")
        return own, was

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
