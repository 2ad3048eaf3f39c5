"""The way of a gateway's records into a log over the network: straight, or over the spool while the log is away.

Rules: `flush` returns once all it was given is durable, in the log or on the disk; what the log was given and has not
confirmed is not given again, and waits on the disk too once the log is away for `after_s`. The spool drains in turn,
at most so many bytes a second, behind what the log still has to confirm. A spool that is full takes nothing more until
it has drained (`stop-acking`), or lets go of its oldest (`drop-oldest`): counted, said, and a gap in the ledger.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from connectors.spool import Spool
from pipeline.core.errors import DiskTrouble, Unavailable
from pipeline.core.frames import SPOOLED, FrameError, flagged, rows_in
from pipeline.core.ports import Clock, FarWriter, Outgoing
from pipeline.runtime.clock import monotonic
from pipeline.runtime.instruments import Instruments
from pipeline.runtime.logs import log as say
from pipeline.steps.gateway import SAMPLES
from pipeline.steps.gateway_rejects import TOPIC as REJECTS
from pipeline.steps.spooling import Place, Spooling, deal

LOOK_S = 0.5  # so often it is looked whether a log that is away is back


@dataclass(frozen=True, slots=True)
class SpoolBounds:
    after_s: float = 5.0
    size: int = 4 << 30
    age_ms: int = 7 * 86_400_000
    drops_oldest: bool = False
    drain: int = 8 << 20  # bytes a second


class SpooledWriter:
    """A writer, for one thread."""

    def __init__(
        self,
        log: FarWriter,
        spool: Spool,
        *,
        bounds: SpoolBounds,
        clock: Clock,
        instruments: Instruments,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._log, self._spool, self._bounds = log, spool, bounds
        self._clock, self._instruments, self._seconds = clock, instruments, seconds
        self.state = Spooling(spool.lanes)
        self._fresh: list[Outgoing] = []  # nowhere yet
        self._live: list[Outgoing] = []  # given to the log, not confirmed, and not on the disk
        self._failing_since: float | None = None
        self._looked = self._dealt = seconds()
        self._room = float(bounds.drain)
        self.trouble = ""
        instruments.spool.bytes.set_function(lambda: self.state.size)
        instruments.spool.records.set_function(lambda: self.state.records)
        instruments.spool.age.set_function(lambda: self._age_ms() / 1000)

    @property
    def oldest_ms(self) -> int:
        """Receipt of the oldest record that waits on the disk; 0 where none does."""
        return self._spool.oldest_ms

    @property
    def lines(self) -> set[str]:
        """Those with something on the disk."""
        return {lane.decode() for lane in self.state.lanes} - {REJECTS}

    def _age_ms(self) -> int:
        return max(0, self._clock.now_ms() - self.oldest_ms) if self.oldest_ms else 0

    def write(self, records: Sequence[Outgoing]) -> None:
        self._fresh += records

    def flush(self) -> int:
        """0 where what came is not, or not yet, in the log."""
        with self._whole_spool():
            trouble = self._take_in()
            self._drain()
            newest = self._confirm()
            if trouble is not None:  # there may be room by now
                if (trouble := self._take_in()) is not None:
                    raise trouble
                newest = self._confirm()
        return newest

    def _take_in(self) -> Unavailable | None:
        """What keeps the rest of it waiting, if anything does."""
        live, waits = self.state.parted(self._fresh)
        trouble: Unavailable | None = None
        try:
            self._keep(waits)
        except Unavailable as error:
            if isinstance(error, DiskTrouble) and error.is_damaged:
                raise
            trouble = error
        self._fresh = waits if trouble else []
        self._live += live
        self._log.write(live)
        return trouble

    def _keep(self, records: Sequence[Outgoing]) -> list[Place]:
        if not records:
            return []
        self._make_room(sum(len(record.value) for record in records))
        places = self._spool.append(records)
        self.state = self.state.kept(places)
        return places

    def _make_room(self, size: int) -> None:
        bounds = self._bounds
        too_much, since = self.state.size + size - bounds.size, self._clock.now_ms() - bounds.age_ms
        is_old = self.state.is_away and 0 < self.oldest_ms < since
        if too_much <= 0 and not is_old:
            return
        if not bounds.drops_oldest:
            most = f"age, {bounds.age_ms / 3_600_000:g} h" if too_much <= 0 else f"size, {bounds.size} bytes"
            raise Unavailable(
                f"spool: full; got more than gateway.spool.{most}; nothing is lost: what comes waits at the broker; "
                "see why the log is away"
            )
        self._let_go(too_much, since)

    def _let_go(self, too_much: int, since: int) -> None:
        """The oldest, but for what the log was given already."""
        given = {place.number for place in self.state.given}
        gone: list[Place] = []
        samples = 0
        with ExitStack() as stack:
            oldest = self._spool.oldest()
            stack.callback(oldest.close)
            for place, receipt_ms, topic, head in oldest:
                if too_much <= 0 and receipt_ms >= since:
                    break
                if place.number not in given:
                    gone.append(place)
                    too_much -= place.size
                    samples += rows_in(head) if topic == SAMPLES else 0
        self._spool.drop(gone)
        self.state = self.state.without(gone)
        self._instruments.spool.dropped_samples.inc(samples)
        say("spool").warning("is full: its oldest are let go", records=len(gone), samples=samples)

    def _drain(self) -> None:
        now = self._seconds()
        self._room = min(self._bounds.drain, self._room + (now - self._dealt) * self._bounds.drain)
        self._dealt = now
        if self.state.is_away or self.state.given or not self.state.lanes or self._room <= 0:
            return
        with ExitStack() as stack:
            waiting = {lane: self._spool.waiting(lane) for lane in self.state.turn()}
            for of_lane in waiting.values():
                stack.callback(of_lane.close)
            dealt = deal(waiting, int(self._room))
        self._room -= sum(one.place.size for one in dealt)
        self._log.write([_spooled(one.record) for one in dealt])
        self.state = self.state.give([one.place for one in dealt])

    def _confirm(self) -> int:
        begun, was_away = self._seconds(), self.state.is_away
        if was_away and begun - self._looked < LOOK_S:
            return 0
        if not (self._live or self.state.given or was_away):
            return 0
        self._looked = begun
        try:
            newest = self._log.flush_within(0.0 if was_away else self._bounds.after_s)
        except Unavailable as error:
            self._miss(error, begun)
            return 0
        self._failing_since, self._live = None, []
        self._spool.drop(self.state.given)
        self.state, self.trouble = self.state.confirmed(), ""
        return 0 if was_away else newest

    def _miss(self, error: Unavailable, begun: float) -> None:
        """What the log has not confirmed waits on the disk too, once it is away for long enough."""
        if self.state.is_away:
            return
        self._failing_since = begun if self._failing_since is None else self._failing_since
        if self._seconds() - self._failing_since < self._bounds.after_s:
            raise error
        places = self._keep(self._live)
        self.state = self.state.give(places).away()
        self._live = []
        self.trouble = f"{error}; what comes is kept in the spool meanwhile, and acknowledged"

    @contextmanager
    def _whole_spool(self) -> Iterator[None]:
        """One that is found damaged is put aside, and the rest goes on without what it held."""
        try:
            yield
        except DiskTrouble as error:
            if not error.is_damaged or error.path != self._spool.path:
                raise
            say("spool").error("held what is not in the log", records=self.state.records)
            self._spool.put_aside(str(error))
            self.state = Spooling(is_away=self.state.is_away)
            raise Unavailable(f"{error}; put aside, and begun anew") from error

    def close(self) -> None:
        """What was not flushed is gone."""
        self._log.close()
        self._spool.close()


def _spooled(record: Outgoing) -> Outgoing:
    """What is no frame any more goes as it is: whoever reads it puts it aside."""
    if record.topic != SAMPLES:
        return record
    try:
        return Outgoing(record.topic, record.key, flagged(record.value, SPOOLED), record.headers)
    except FrameError:
        return record
