"""Drivers of the log and the store through which trouble comes: the memory drivers of the product, each call of which
is a step at which its role may be killed, stopped for a while, or told that the other side is away.

Rule: the promises of the ports hold through them. What a failed `flush` kept goes out with the next one; what was
written and never flushed dies with its role.
"""

from pipeline.core.errors import Unavailable


class TroubledLog:
    """One role's view of the log. `actor.reach(step)` may end the role, hold it up or raise `Unavailable`."""

    def __init__(self, log, actor):
        self.log, self.actor = log, actor

    def reader(self, topic, group, instance="", owner=None):
        self.actor.reach("before reading")
        return TroubledReader(self.log.reader(topic, group, instance, owner), self.actor)

    def writer(self):
        return TroubledWriter(self.log.writer(), self.actor)

    def state(self):
        return TroubledState(self.log.state(), self.actor)

    def forget(self, topic, before_ms):
        self.log.forget(topic, before_ms)

    def close(self):
        """The log lives on."""


class TroubledReader:
    def __init__(self, reader, actor):
        self.reader, self.actor = reader, actor
        self.seek, self.committed = reader.seek, reader.committed
        self.first_offset, self.end_offset, self.close = reader.first_offset, reader.end_offset, reader.close

    @property
    def instance(self):
        return self.reader.instance

    @property
    def partitions(self):
        return self.reader.partitions

    def poll(self, max_wait, max_bytes=8 << 20):
        self.actor.reach("before reading")
        found = self.reader.poll(max_wait, max_bytes)
        self.actor.has_read(len(found))
        return found

    def commit(self, offsets):
        self.actor.reach("before commit")
        self.reader.commit(offsets)
        self.actor.reach("after commit")


class TroubledWriter:
    def __init__(self, writer, actor):
        self.writer, self.actor, self.buffer, self.newest = writer, actor, [], 0
        self.close = writer.close

    def write(self, records):
        self.buffer += records

    def flush(self):
        if not self.buffer:
            return self.newest
        self.actor.reach("before flush")
        if (torn := self.actor.torn("flush", len(self.buffer))) is not None:
            self._out(self.buffer[:torn])
            if not self.actor.repeats:
                self.buffer = self.buffer[torn:]
            raise Unavailable("log: the connection broke in the midst of a flush", retry_after=0.2)
        self._out(self.buffer)
        self.buffer = []
        self.actor.reach("after flush")
        return self.newest

    def _out(self, records):
        self.writer.write(records)
        self.newest = self.writer.flush()


class TroubledState:
    def __init__(self, state, actor):
        self.inner, self.actor, self.buffer = state, actor, []
        self.load, self.close = state.load, state.close

    def put(self, key, value):
        self.buffer.append((key, value))

    def flush(self):
        if not self.buffer:
            return
        self.actor.reach("before save")
        torn = self.actor.torn("save", len(self.buffer))
        self._out(self.buffer if torn is None else self.buffer[:torn])
        if torn is not None:
            raise Unavailable("log: the connection broke in the midst of a checkpoint", retry_after=0.2)
        self.buffer = []
        self.actor.reach("after save")

    def _out(self, puts):
        for key, value in puts:
            self.inner.put(key, value)
        self.inner.flush()


class TroubledStore:
    """One historian's view of the store: what it fails to take it may have taken in part."""

    def __init__(self, store, actor):
        self.store, self.actor = store, actor

    def write(self, results, alerts):
        self.actor.reach("before store")
        if self.actor.is_away("store"):
            self.store.write(results[: len(results) // 2], ())
            raise Unavailable("store: no answer in time", retry_after=1.0)
        unstorable = self.store.write(results, alerts)
        self.actor.reach("after store")
        return unstorable

    def close(self):
        """The store lives on."""
