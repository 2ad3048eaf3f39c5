"""What was downloaded or built once: entries in a folder of the user, each made whole or not at all.

Rule: an entry appears by one rename and is used only while its bytes match its checksums; else it is made anew.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

SUMS = "SHA256SUMS"


def cache_folder(environment: Mapping[str, str]) -> Path:
    """`PARKPULSE_CACHE`, else `parkpulse` in the user's cache folder."""
    if chosen := environment.get("PARKPULSE_CACHE"):
        return Path(chosen).absolute()
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "parkpulse"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One at a time, over processes; the lock of a killed process is free."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def kept(cache: Path, key: str, make: Callable[[Path], None]) -> Path:
    """The entry's folder; `make` fills a new one where there is none or its bytes have changed."""
    entry, fresh = cache / key, cache / f".{key}.new"
    with locked(cache / f".{key}.lock"):
        if is_whole(entry):
            return entry
        for old in (entry, fresh):
            shutil.rmtree(old, ignore_errors=True)
        fresh.mkdir()
        try:
            make(fresh)
            (fresh / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in checksums(fresh).items()))
            fresh.rename(entry)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return entry


def is_whole(entry: Path) -> bool:
    try:
        lines = (entry / SUMS).read_text().splitlines()
        return bool(lines) and checksums(entry) == {
            name: digest for digest, _, name in (x.partition("  ") for x in lines)
        }
    except OSError:
        return False


def checksums(entry: Path) -> dict[str, str]:
    """SHA-256 of each file by its path in the entry."""
    found = {}
    for path in sorted(entry.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name != SUMS:
            with path.open("rb") as file:
                found[path.relative_to(entry).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
