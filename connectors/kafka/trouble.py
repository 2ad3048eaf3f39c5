"""What Kafka's errors mean to the roles: nearly all are the world's, and waiting or an operator helps.

Rule: nobody outside this folder sees an exception of the client library.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    CommitFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
)

from connectors.kafka.refusal import closed_at_first_words, refusal
from pipeline.core.errors import Away, ConfigError, Unavailable, plain
from pipeline.runtime.logs import log

_DENIED = (ClusterAuthorizationFailedError, GroupAuthorizationFailedError, TopicAuthorizationFailedError)
_PLACE = re.compile(r'^Unable connect to "[^"]*":')
_NUMBER = re.compile(r"\[Errno (-?\d+)\]")


class Quiet(logging.Handler):
    """What the client library says of each try, for who looks for it: the role has its own line."""

    def emit(self, record: logging.LogRecord) -> None:
        log("kafka").debug("client", what=record.getMessage())


def quieten() -> None:
    library = logging.getLogger("aiokafka")
    if library.propagate:
        library.addHandler(Quiet())
        library.propagate = False


class LastWords(logging.Handler):
    """Keeps what the client library last complained of: a refused password shows nowhere else."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said = ""
        self.why: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        causes = [one for one in record.args or () if isinstance(one, BaseException)]
        if causes or record.levelno >= logging.ERROR:
            self.said = record.getMessage()
        self.why = causes[-1] if causes else self.why


def missing(topic: str) -> str:
    return f"topic {topic!r} is missing; run `parkpulse topics ensure`"


@contextmanager
def last_words() -> Iterator[LastWords]:
    words, logger = LastWords(), logging.getLogger("aiokafka")
    logger.addHandler(words)
    try:
        yield words
    finally:
        logger.removeHandler(words)


@contextmanager
def kafka_trouble(what: str) -> Iterator[None]:
    """Turns errors of the client into ours; `what` says what was tried, and where."""
    with last_words() as words, _told(what, words):
        yield


@contextmanager
def _told(what: str, words: LastWords) -> Iterator[None]:
    try:
        yield
    except OffsetOutOfRangeError as error:
        raise ConfigError(
            f"log: {what}: the log no longer holds, or never held, the place to read from; got {error}; expected an "
            "offset between its first and its last; set the group's offsets anew (kafka-consumer-groups.sh)"
        ) from error
    except _DENIED as error:
        raise Unavailable(
            f"log: {what}: refused: {error!r}; expected Read on what we read and on its group, Write on what we write; "
            "grant it by an ACL of Kafka",
            5.0,
        ) from error
    except MessageSizeTooLargeError as error:
        raise Unavailable(f"log: {what}: a record larger than the topic's max.message.bytes; raise it", 5.0) from error
    except CommitFailedError as error:
        raise Unavailable(f"log: {what}: the group has gone on without us; we join it again") from error
    except (KafkaError, TimeoutError) as error:
        raise _away(what, error, words) from error
    except OSError as error:
        raise Away(f"log: {what}: {plain(error)}") from error


def _away(what: str, error: KafkaError | TimeoutError, words: LastWords) -> Unavailable:
    """Nobody answers, or we are not let in: which of them only the last words of the client tell."""
    if told := refusal(words.why):
        return Unavailable(f"log: {what}: {told}", 5.0)
    if isinstance(error, TimeoutError):
        return Away(f"log: {what}: no answer in time")
    if not isinstance(error, KafkaConnectionError):
        family = Away if error.retriable else Unavailable
        return family(f"log: {what}: {error!r}")
    closed = closed_at_first_words(words.why) if "bootstrap" in str(error) else ""
    return Away(f"log: {what}: no connection: {closed or _in_short(words.said or str(error))}")


def _in_short(said: str) -> str:
    """
    >>> _in_short("Unable connect to node with id 1: [Errno 111] Connect call failed ('127.0.0.1', 9092)")
    'nobody listens there (ECONNREFUSED)'
    >>> _in_short('Unable connect to "127.0.0.1:9092": '), _in_short('Unable connect to "h:1": bad certificate')
    ('the other side broke the connection', 'bad certificate')
    """
    if found := _NUMBER.search(said):
        return plain(OSError(int(found[1]), said))
    return _PLACE.sub("", said).strip() or "the other side broke the connection"
