"""Why a Kafka does not let us in, told by the reason that the client library only writes to its log.

Rules: a refusal names what was refused and the key of park.toml that mends it; no secret is in it. A connection that is
closed at our first words may be a refusal too, or a Kafka that just ends: it is told apart from both.
"""

import ssl

from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from connectors.tls import tls_trouble

_CLOSED = (
    "closed as soon as we speak; expected what its listener asks for: TLS or none, a user or none, a certificate of "
    "ours; correct log.security, or the port in log.bootstrap"
)


def refusal(why: BaseException | None) -> str:
    """One line; "" where it is none."""
    if isinstance(why, SaslAuthenticationFailed | AuthenticationFailedError):
        told = why.args[0] if why.args else type(why).__name__
        return (
            f"user or password refused; got {str(told)!r}; expected a user that Kafka knows by this mechanism; correct "
            "username, password_env or mechanism in [log.security]"
        )
    if isinstance(why, UnsupportedSaslMechanismError):
        return "mechanism refused; expected one of its sasl.enabled.mechanisms; correct log.security.mechanism"
    if isinstance(why, IllegalSaslStateError):
        return "its listener takes no user; remove username from [log.security], or correct the port in log.bootstrap"
    if isinstance(why, ssl.SSLError):
        return tls_trouble(why, "log.security.ca", "log.bootstrap")
    return ""


def closed_at_first_words(why: BaseException | None) -> str:
    """One line; "" where it is not so."""
    is_closed = isinstance(why, ConnectionError | EOFError) and not str(why)
    return _CLOSED if is_closed or (isinstance(why, KafkaConnectionError) and "closed" in str(why)) else ""
