"""The exception tree: each family says whose fault it is and what happens next.

    ParkPulseError
    ├── ConfigError    the operator's: one line per slip, exit 2, before any connection
    ├── Unavailable    the world's: back off with jitter, try again, lose nothing
    │   ├── DiskTrouble    a disk that does not take, or give, what it should
    │   └── Away           a service that does not answer: it comes back by itself, so a start waits for it too
    └── Bug            ours: stop loudly, resume from the checkpoint

Bad input is no exception: it becomes a `Reject` (core/samples.py) with its reason and original bytes.
Message grammar: where: what is wrong; got ...; expected ...; do this. What the system says is said in plain words.

>>> plain(OSError(28, "No space left on device")), plain(OSError(111, "Connection refused")), plain(ValueError("x"))
('the disk is full (ENOSPC)', 'nobody listens there (ECONNREFUSED)', 'x')
"""

import errno
from pathlib import Path
from ssl import SSLError

_PLAIN = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EIO: "the disk failed to read or write",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOENT: "no such file or folder",
    errno.EISDIR: "a folder, not a file",
    errno.ENOTDIR: "a file, not a folder",
    errno.EMFILE: "too many open files",
    errno.EADDRINUSE: "the address is in use by another program",
    errno.EADDRNOTAVAIL: "no address of this machine",
    errno.ECONNREFUSED: "nobody listens there",
    errno.ECONNRESET: "the other side broke the connection",
    errno.EPIPE: "the other side broke the connection",
    errno.ETIMEDOUT: "no answer in time",
    errno.EHOSTUNREACH: "the host cannot be reached",
    errno.ENETUNREACH: "the network cannot be reached",
}
_NO_HOST = range(-5, 0)  # what a look-up of a host's name says


def plain(error: BaseException) -> str:
    """What went wrong, without the system's own numbers and brackets."""
    if not isinstance(error, OSError) or error.errno is None or isinstance(error, SSLError):  # its numbers are its own
        return str(error)
    if error.errno in _NO_HOST:
        return "no such host"
    words = _PLAIN.get(error.errno)
    return f"{words} ({errno.errorcode[error.errno]})" if words else error.strerror or str(error)


class ParkPulseError(Exception):
    """Root of everything this product raises on purpose."""


class ConfigError(ParkPulseError):
    """One or more slips in the configuration, each a whole line for the operator."""

    def __init__(self, *slips: str) -> None:
        super().__init__("\n".join(slips))
        self.slips = slips


class Unavailable(ParkPulseError):
    """Something outside is away or full; waiting helps. `retry_after` is in seconds."""

    def __init__(self, what: str, retry_after: float = 1.0) -> None:
        super().__init__(what)
        self.retry_after = retry_after


class DiskTrouble(Unavailable):
    """`path` of the file; `is_full` where making room helps, `is_damaged` where nothing can be made of its bytes."""

    def __init__(self, path: Path, why: str, *, is_full: bool = False, is_damaged: bool = False) -> None:
        super().__init__(f"{path}: {why}")
        self.path, self.is_full, self.is_damaged = path, is_full, is_damaged


class Away(Unavailable):
    """A service in the network gives no answer; nobody's hand is needed but to start it."""


class Bug(ParkPulseError):
    """A broken promise between our own parts."""
