"""What a failure of TLS means, with the key of park.toml that mends it: for MQTT brokers, Kafka and InfluxDB alike."""

import ssl

_NOT_YET, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64  # of OpenSSL


def tls_trouble(why: ssl.SSLError, ca: str, address: str) -> str:
    """`ca` and `address`: how those keys are called for this service."""
    if not isinstance(why, ssl.SSLCertVerificationError):
        return f"TLS failed; got {why.reason or str(why)!r}; expected a port with TLS; correct {address}"
    got = f"got {why.verify_message!r}"
    if why.verify_code == _EXPIRED:
        return f"its certificate has ended; {got}; renew it there, or set this machine's clock"
    if why.verify_code == _NOT_YET:
        return f"its certificate does not hold yet; {got}; set this machine's clock, or renew it there"
    if why.verify_code in (_OTHER_NAME, _OTHER_ADDRESS):
        return f"its certificate is of another host; {got}; write its name in {address}, or renew it there"
    return f"its certificate is of no authority that we trust; {got}; set {ca} to its authority's"
