"""What Kafka's errors mean to the roles: nearly all are the world's, and waiting or an operator helps.

Rule: nobody outside this folder sees an exception of the client library.
"""

import logging
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

from pipeline.core.errors import ConfigError, Unavailable

_DENIED = (AuthenticationFailedError, GroupAuthorizationFailedError, TopicAuthorizationFailedError)


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
        raise Unavailable(f"log: {what}: no connection: {words.said or error}") from error
    except KafkaError as error:
        raise Unavailable(f"log: {what}: {error!r}") from error
    except TimeoutError as error:
        raise Unavailable(f"log: {what}: no answer in time") from error
    except OSError as error:
        raise Unavailable(f"log: {what}: {error}") from error
    finally:
        logger.removeHandler(words)
