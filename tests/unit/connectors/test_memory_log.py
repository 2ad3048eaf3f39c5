"""The log in memory: a group whose member could not take what it was given."""

import pytest

from connectors.memory import MemoryLog
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Outgoing
from pipeline.runtime.clock import VirtualClock


class Owner:
    def __init__(self, log, is_away=False):
        self.is_away, self.taken = is_away, []
        self.reader = log.reader("samples.v1", "g", "worker", self)

    def take(self, partitions):
        if self.is_away:
            raise Unavailable("away")
        self.taken.append(list(partitions))

    def give(self, partitions):
        """Everything is out."""


def test_who_never_took_what_it_was_given_reads_nothing_once_it_was_expelled():
    log = MemoryLog(VirtualClock(0))
    log.ensure({"samples.v1": 1})
    one = Owner(log, is_away=True)
    with pytest.raises(Unavailable):
        one.reader.poll(0.0)
    log.expel("samples.v1", "g", one.reader.instance)
    other = Owner(log)
    assert other.reader.poll(0.0) == []
    assert other.taken == [[0]]
    writer = log.writer()
    writer.write([Outgoing("samples.v1", b"line", b"value")])
    writer.flush()
    one.is_away = False
    assert one.reader.poll(0.0) == []
    assert list(one.reader.partitions) == []
