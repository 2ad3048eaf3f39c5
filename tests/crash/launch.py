"""One role as `parkpulse run` starts it, that kills itself with SIGKILL at a named point of the order of writes.

    python launch.py CONFIG ROLE [POINT AFTER_S]     at the first pass of POINT when the process is AFTER_S old

Checkpoints come every CHECKPOINT_S here, so that a short life has several, and commits between them.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

import connectors.sqlite_writer as writing
from connectors.local_store import LocalStore
from connectors.mqtt.sink import MqttSink, Publication
from connectors.mqtt.source import MqttSource
from connectors.sqlite_reader import SqliteReader
from connectors.sqlite_writer import SqliteState, SqliteWriter
from pipeline.cli import main
from pipeline.core.frames import decode
from pipeline.roles.worker import Worker
from pipeline.runtime import checkpoint
from pipeline.runtime.checkpoint import Committer
from pipeline.runtime.slots import Slots

BORN = time.monotonic()
CHECKPOINT_S = 2.5
LAST_S = 0.1


def holds_rows(writer: SqliteWriter) -> bool:
    return any(len(decode(record.value)) for record in writer._buffers.get("samples.v1", ()))


def tells_alerts(_: MqttSink, messages: Sequence[Publication]) -> bool:
    return any("/alerts/" in message.topic for message in messages)


def torn() -> None:
    """Kills inside the transaction of a checkpoint: its rows are written, and not committed."""
    plain = writing.transaction

    @contextmanager
    def cut(db, path) -> Iterator[None]:
        with plain(db, path):
            yield
            die()

    writing.transaction = cut


POINTS: dict[str, Callable[[], None]] = {
    "gateway packed, nothing written": lambda: before(SqliteWriter, "flush", holds_rows),
    "gateway samples written, rejects not": lambda: after(
        SqliteWriter, "_append", lambda writer, topic, _: topic == "samples.v1" and "rejects.v1" in writer._buffers
    ),
    "gateway written, not acknowledged": lambda: before(MqttSource, "settle"),
    "worker computed, nothing written": lambda: before(SqliteWriter, "flush", lambda w: "results.v1" in w._buffers),
    "worker results written, alerts not": lambda: after(
        SqliteWriter, "_append", lambda writer, topic, _: topic == "results.v1" and "alerts.v1" in writer._buffers
    ),
    "worker alerts written, not committed": lambda: after(
        SqliteWriter, "_append", lambda _, topic, __: topic == "alerts.v1"
    ),
    "checkpoint flushed, state not put": lambda: before(Slots, "save"),
    "checkpoint put, not flushed": lambda: before(SqliteState, "flush"),
    "checkpoint torn": torn,
    "checkpoint saved, not committed": lambda: after(SqliteState, "flush"),
    "checkpoint committed": lambda: after(Committer, "checkpoint"),
    "historian read, nothing stored": lambda: before(LocalStore, "write"),
    "historian stored, not committed": lambda: after(LocalStore, "write"),
    "historian results committed, alerts not": lambda: after(
        SqliteReader, "commit", lambda reader, _: reader._topic == "results.v1"
    ),
    "notifier read, nothing told": lambda: before(MqttSink, "publish", tells_alerts),
    "notifier told, not remembered": lambda: after(MqttSink, "publish", tells_alerts),
    "notifier remembered, not committed": lambda: after(SqliteState, "flush"),
}


def on_kafka(owner: str, name: str, place: Callable[..., None], when: Callable[..., object] = lambda *_: True) -> None:
    """Its client is loaded only where it is used."""
    module, _, kind = owner.rpartition(".")
    place(getattr(import_module(f"connectors.kafka.{module}"), kind), name, when)


POINTS |= {
    "Kafka: computed, nothing written": lambda: on_kafka(
        "writer.KafkaWriter", "flush", before, lambda writer: "results.v1" in writer._buffers
    ),
    "Kafka: written, not committed": lambda: on_kafka(
        "writer.KafkaWriter", "flush", wrote, lambda writer: "results.v1" in writer._buffers
    ),
    "Kafka: state put, not flushed": lambda: on_kafka("state.KafkaState", "flush", before),
    "Kafka: state flushed, not committed": lambda: on_kafka("state.KafkaState", "flush", after),
    "Kafka: committed": lambda: on_kafka("reader.KafkaReader", "commit", after),
    "asked to give, nothing given": lambda: before(Worker, "give"),
    "given, not yet fenced": lambda: after(Worker, "give"),
    "taken, nothing read": lambda: after(Worker, "take"),
}
armed: dict[str, object] = {"point": "", "age": 0.0}


def die() -> None:
    """What other threads were told to do before this point, they have the time to do."""
    if time.monotonic() - BORN >= armed["age"]:
        time.sleep(LAST_S)
        os.write(2, f"killed at: {armed['point']}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)


def before(owner: type, name: str, when: Callable[..., object] = lambda *_: True) -> None:
    plain = getattr(owner, name)

    def killed(*args):
        if when(*args):
            die()
        return plain(*args)

    setattr(owner, name, killed)


def after(owner: type, name: str, when: Callable[..., object] = lambda *_: True) -> None:
    plain = getattr(owner, name)

    def killed(*args):
        found = plain(*args)
        if when(*args):
            die()
        return found

    setattr(owner, name, killed)


def wrote(owner: type, name: str, when: Callable[..., object]) -> None:
    """Kills behind a call before which `when` held."""
    plain = getattr(owner, name)

    def killed(*args):
        told = when(*args)
        found = plain(*args)
        if told:
            die()
        return found

    setattr(owner, name, killed)


if __name__ == "__main__":
    config, role, *kill = sys.argv[1:]
    checkpoint.CHECKPOINT_S = CHECKPOINT_S
    if kill:
        armed["point"], armed["age"] = kill[0], float(kill[1])
        POINTS[kill[0]]()
    sys.argv = ["parkpulse", "run", config, "--role", role]
    main()
