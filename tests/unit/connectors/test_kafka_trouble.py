"""What Kafka's client says and raises: at debug level only, and by kind what is waited for and what needs a hand."""

import doctest
import io
import logging
import ssl

import pytest

pytest.importorskip("aiokafka", reason="no Kafka client: .venv/bin/pip install -e '.[kafka]'")

from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)

import connectors.kafka.trouble
from connectors.kafka.trouble import kafka_trouble, quieten
from pipeline.core.errors import Away, Unavailable
from pipeline.runtime.logs import setup


def no_certificate() -> ssl.SSLError:
    with pytest.raises(ssl.SSLError) as found:
        ssl.create_default_context().load_verify_locations(cadata="no certificate")
    return found.value


def complain(said: str, raised: BaseException, why: BaseException | None = None) -> None:
    with kafka_trouble("x"):
        logging.getLogger("aiokafka").error(*(("%s: %s", said, why) if why else (said,)))
        raise raised


@pytest.mark.usefixtures("former_logging")
@pytest.mark.parametrize(("level", "lines"), [("INFO", 0), ("DEBUG", 1)])
def test_what_the_library_complains_of_is_written_at_debug_level_only(level: str, lines: int) -> None:
    out = io.StringIO()
    setup(level, out)
    for _ in range(2):
        quieten()
    with pytest.raises(Away) as found:
        complain("Unable connect to node: [Errno 111] Connect call failed", KafkaConnectionError("gone"))
    assert str(found.value) == "log: x: no connection: nobody listens there (ECONNREFUSED)"
    assert len(out.getvalue().splitlines()) == lines


@pytest.mark.parametrize(
    ("why", "raised", "family", "sentence"),
    [
        (None, KafkaConnectionError("gone"), Away, "no connection: KafkaConnectionError: gone"),
        (None, NodeNotReadyError(), Away, ""),
        (None, TimeoutError(), Away, "no answer in time"),
        (SaslAuthenticationFailed("wrong"), KafkaConnectionError(), Unavailable, "[log.security]"),
        (no_certificate(), KafkaConnectionError(), Unavailable, "log.bootstrap"),
        (None, TopicAuthorizationFailedError(), Unavailable, "grant it by an ACL of Kafka"),
    ],
)
def test_what_comes_back_by_itself_is_away_and_what_needs_a_hand_is_not(
    why: BaseException | None, raised: KafkaError | TimeoutError, family: type[Unavailable], sentence: str
) -> None:
    with pytest.raises(Unavailable) as found:
        complain("" if why is None else "Unable connect to h:1", raised, why)
    assert type(found.value) is family
    assert sentence in str(found.value)


def test_the_examples_in_the_docstring_are_true() -> None:
    assert doctest.testmod(connectors.kafka.trouble).failed == 0
