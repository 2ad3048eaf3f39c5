"""What a run left behind that was killed: samples in the broker, in the log and in open seconds, results on their way.

Rule: the next run takes all of it up before its own first second, as a run that sends nothing, so that what it counts
is its own; a run that ends well leaves nothing.
"""

from contextlib import ExitStack, closing
from pathlib import Path

from pipeline.config.read import Config
from pipeline.core.equipment import UNASSIGNED
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Log
from pipeline.roles.gateway import Gateway
from pipeline.roles.historian import Historian
from pipeline.roles.notifier import Notifier
from pipeline.roles.start import ROLES, Park, open_log, started
from pipeline.roles.worker import Worker
from pipeline.runtime.clock import VirtualClock, monotonic
from pipeline.steps.gateway import GatewayState, Totals, end
from simulators.drive import PATIENCE_S

HELD_UP_S = 5.0  # patience at the end where something is known to be missing
QUIET_S = 1.0  # a broker delivers at once what it kept; after so long without a message there is no more


class Unended:
    """The mark of a run that has not ended well, a file in its folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "unended"

    def is_there(self) -> bool:
        return self._file.exists()

    def begin(self) -> None:
        self._file.touch()

    def end(self) -> None:
        self._file.unlink(missing_ok=True)


def newest_append(log: Log) -> int:
    """Append time of the newest record of samples.v1, 0 in an empty log."""
    reader = log.reader("samples.v1", "")
    newest = 0
    for partition in reader.partitions:
        end = reader.end_offset(partition)
        if end > reader.first_offset(partition):
            reader.seek(partition, end - 1)
            newest = max([newest, *(record.append_ms for record in reader.poll(0.5))])
    reader.close()
    return newest


def second_behind(newest_ms: int) -> int:
    """Where the next run may begin: the end of the last one closed the second it ended in."""
    return (newest_ms // 1000 + 1) * 1000


def take_up(config: Config, newest_ms: int) -> None:
    """Everything that was left ends in the store, in the time of the run that left it."""
    clock = VirtualClock(second_behind(newest_ms))
    with ExitStack() as stack:
        park = started(stack, Park(config, clock, open_log(config, clock), linger_s=0.0), ROLES)
        _await_quiet(park)
        _end_unassigned(park, clock.now_ms())
        finish(park)


def _end_unassigned(park: Park, now_ms: int) -> None:
    """Counts of the pseudo-line are said at its next record, which a gateway writes that has had a reject itself."""
    state = GatewayState(park.config.gateway.name, now_ms, {UNASSIGNED: Totals()})
    with closing(park.log.writer()) as writer:
        writer.write(end(state, now_ms)[1])
        writer.flush()


def _await_quiet(park: Park) -> None:
    source = gateway_of(park).source
    received, since, patience = 0, monotonic(), monotonic() + PATIENCE_S
    while monotonic() - since < QUIET_S:
        _check(park, patience)
        counts = source.counts()
        if not source.connected or counts.unsettled_messages or counts.received != received:
            received, since = counts.received, monotonic()
        park.clock.wait(0.005)


def finish(park: Park) -> None:
    """Moves the clocks past the newest row and waits until everything is in the store and told."""
    gateway_of(park).finishing.set()
    patience = monotonic() + PATIENCE_S
    while not _drained(park):
        _check(park, patience)
        park.clock.wait(0.01)


def _check(park: Park, patience: float) -> None:
    if park.failed is not None:
        raise park.failed
    lacks = next((waiting.what for waiting in park.waiting.values() if waiting.what), "")
    if monotonic() > patience - (PATIENCE_S - HELD_UP_S if lacks else 0):
        why = lacks or f"waited for {PATIENCE_S:.0f} s"
        raise Unavailable(f"demo: ends before all is stored; {why}; the next run in this folder takes up what is left")


def _drained(park: Park) -> bool:
    worker = park.roles["worker"]
    assert isinstance(worker, Worker)
    if not gateway_of(park).ended or sum(worker.spoken_to.values()) < _end(park.log, "samples.v1"):
        return False
    return all(
        _taken(park, topic, group) >= _end(park.log, topic)
        for topic in ("results.v1", "alerts.v1")
        for group in ("historian", "notifier")
    )


def gateway_of(park: Park) -> Gateway:
    role = park.roles["gateway"]
    assert isinstance(role, Gateway)
    return role


def _end(log: Log, topic: str) -> int:
    with closing(log.reader(topic, "")) as reader:
        return sum(reader.end_offset(partition) for partition in reader.partitions)


def _taken(park: Park, topic: str, group: str) -> int:
    role = park.roles[group]
    assert isinstance(role, Historian | Notifier)
    return role.taken(topic)
