"""Takes everything of one run folder down, whatever `up` came to, and leaves nothing behind."""

from pathlib import Path

from connectors.services.obtain import Tell
from connectors.services.processes import Running, end, running
from connectors.services.run_folder import opened
from pipeline.core.errors import Unavailable

END_S = 20.0


def take_down(folder: Path, tell: Tell) -> list[Running]:
    """Ends all of the run folder and removes it; returns whom it ended. Raises if one outlives even a KILL."""
    with opened(folder) as run:
        ended = running(run.path)
        for one in ended:
            tell(one.name, "ending")
        end(ended, run.path, END_S)
        if left := running(run.path):
            names = ", ".join(f"{one.name} (pid {one.pid})" for one in left)
            raise Unavailable(f"services: still there after a kill: {names}; look at their state in /proc")
        run.remove()
    return ended
