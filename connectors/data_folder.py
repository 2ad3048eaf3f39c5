"""The folder of log and store on this machine: its room, and whether this user may work in it.

Rule: looking makes nothing; a folder that is still to be made is judged by the one it will be made in.
"""

import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipeline.core.finding import Check, Finding, phrase

LEAST_MB = 2_000
"""As the alert on little room has it."""


def checks(folder: Path) -> list[Check]:
    return [Check(str(folder), lambda: look(folder))]


def free_bytes(folder: Path) -> int:
    """Room on the disk of a folder that may still have to be made."""
    return shutil.disk_usage(_there(folder)).free


def look(folder: Path) -> Iterator[Finding]:
    yield room_finding(folder, free_bytes(folder))
    yield _access(folder)


def room_finding(folder: Path, free: int) -> Finding:
    what = phrase("{0} MB free", free // 1_000_000)
    if free >= LEAST_MB * 1_000_000:
        return Finding(str(folder), what)
    return Finding(str(folder), what, phrase("make room: at least {0} MB, or choose another data_dir", LEAST_MB))


def _access(folder: Path) -> Finding:
    there = _there(folder)
    if not there.is_dir():
        return Finding(
            str(folder), phrase("{0} is a file, not a folder", str(there)), phrase("choose another data_dir")
        )
    if (closed := _closed(there if there == folder else None, there)) is not None:
        who = _user()
        what = phrase("user {0} may not read and write {1}", who, str(closed))
        return Finding(
            str(folder), what, phrase("give it to this user (chown -R {0} {1}), or run as its owner", who, str(closed))
        )
    if there != folder:
        return Finding(str(folder), phrase("is made at the first start"))
    return Finding(str(folder), phrase("may be read and written"))


def _user() -> str:
    """In a container a user may have a number alone."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _there(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _closed(folder: Path | None, there: Path) -> Path | None:
    """The first folder or file that is closed to us; `folder`: what is in it must be open too."""
    if not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        return there
    for place, folders, files in os.walk(folder) if folder else ():
        for name, rights in [
            *((one, os.R_OK | os.W_OK | os.X_OK) for one in folders),
            *((one, os.R_OK | os.W_OK) for one in files),
        ]:
            path = Path(place, name)
            if path.exists() and not os.access(path, rights):
                return path
    return None
