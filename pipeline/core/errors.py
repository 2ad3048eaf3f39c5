"""The exception tree: each family says whose fault it is and what happens next.

    ParkPulseError
    ├── ConfigError    the operator's: one line per slip, exit 2, before any connection
    ├── Unavailable    the world's: back off with jitter, try again, lose nothing
    └── Bug            ours: stop loudly, resume from the checkpoint

Bad input is no exception: it becomes a `Reject` (core/samples.py) with its reason and original bytes.
Message grammar: where: what is wrong; got ...; expected ...; do this.
"""


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


class Bug(ParkPulseError):
    """A broken promise between our own parts."""
