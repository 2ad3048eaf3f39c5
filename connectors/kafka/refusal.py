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

_NOT_YET, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64  # of OpenSSL

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
    if isinstance(why, ssl.SSLCertVerificationError):
        return _certificate(why)
    if isinstance(why, ssl.SSLError):
        return f"TLS failed; got {why.reason or str(why)!r}; expected a listener with TLS; correct [log.security]"
    return ""


def _certificate(why: ssl.SSLCertVerificationError) -> str:
    got = f"got {why.verify_message!r}"
    if why.verify_code == _EXPIRED:
        return f"its certificate has ended; {got}; renew it at Kafka, or set this machine's clock"
    if why.verify_code == _NOT_YET:
        return f"its certificate does not hold yet; {got}; set this machine's clock, or renew it at Kafka"
    if why.verify_code in (_OTHER_NAME, _OTHER_ADDRESS):
        return f"its certificate is of another host; {got}; write its name in log.bootstrap, or renew it at Kafka"
    return f"its certificate is of no authority that we trust; {got}; set log.security.ca to that of Kafka"


def closed_at_first_words(why: BaseException | None) -> str:
    """One line; "" where it is not so."""
    is_closed = isinstance(why, ConnectionError | EOFError) and not str(why)
    return _CLOSED if is_closed or (isinstance(why, KafkaConnectionError) and "closed" in str(why)) else ""
