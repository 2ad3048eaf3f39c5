"""What Kafka's errors mean to the roles: nearly all are the world's, and waiting or an operator helps.

Rule: nobody outside this folder sees an exception of the client library, nor what it writes, but at debug level. What
comes back by itself is `Away`; what asks for a hand at the configuration, or at the rights in Kafka, is not.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import (
    AuthenticationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
)

from pipeline.core.errors import Away, ConfigError, Unavailable, plain
from pipeline.runtime.logs import log

_DENIED = (AuthenticationFailedError, GroupAuthorizationFailedError, TopicAuthorizationFailedError)


_REFUSED = re.compile("authenticat|sasl|ssl|certificate|credential", re.IGNORECASE)
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
        super().__init__(logging.ERROR)
        self.said = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.said = record.getMessage()


@contextmanager
def kafka_trouble(what: str) -> Iterator[None]:
    """Turns errors of the client into ours; `what` says what was tried, and where."""
    words, logger = LastWords(), logging.getLogger("aiokafka")
    logger.addHandler(words)
    try:
        yield
    except OffsetOutOfRangeError as error:
        raise ConfigError(
            f"log: {what}: the log no longer holds, or never held, the place to read from; got {error}; expected an "
            "offset between its first and its last; set the group's offsets anew (kafka-consumer-groups.sh)"
        ) from error
    except _DENIED as error:
        raise Unavailable(f"log: {what}: refused: {error!r}; grant it by an ACL of Kafka", 5.0) from error
    except MessageSizeTooLargeError as error:
        raise Unavailable(f"log: {what}: a record larger than the topic's max.message.bytes; raise it", 5.0) from error
    except KafkaConnectionError as error:
        said = words.said or str(error)
        if _REFUSED.search(said):
            cure = "correct log.security in park.toml, or let us in at Kafka"
            raise Unavailable(f"log: {what}: no connection: {_in_short(said)}; {cure}", 5.0) from error
        raise Away(f"log: {what}: no connection: {_in_short(said)}") from error
    except KafkaError as error:
        family = Away if error.retriable else Unavailable
        raise family(f"log: {what}: {error!r}") from error
    except TimeoutError as error:
        raise Away(f"log: {what}: no answer in time") from error
    except OSError as error:
        raise Away(f"log: {what}: {plain(error)}") from error
    finally:
        logger.removeHandler(words)


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
