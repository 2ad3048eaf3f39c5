"""How to reach a Kafka: addresses, TLS and user, as the keyword arguments that every aiokafka client takes.

Rule: no secret is printed; a certificate that cannot be used is the operator's slip.
"""

import ssl
from dataclasses import dataclass, field
from typing import Literal

from pipeline.core.errors import ConfigError

REQUEST_TIMEOUT_MS = 40_000  # above the stall of a broker that died with its session (9 s, with its quorum 12 s)

Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """One cluster. `prefix` begins the names of all topics and groups, so that several logs share a cluster."""

    bootstrap: tuple[str, ...]
    tls: bool = False
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    prefix: str = ""

    def client(self, client_id: str) -> dict[str, object]:
        options: dict[str, object] = {
            "bootstrap_servers": list(self.bootstrap),
            "client_id": client_id,
            "request_timeout_ms": REQUEST_TIMEOUT_MS,
            "security_protocol": ("SASL_" if self.username else "") + ("SSL" if self.tls else "PLAINTEXT"),
        }
        if not self.username and not self.tls:
            return options
        if self.tls:
            options["ssl_context"] = self._context()
        if self.username:
            options["sasl_mechanism"] = self.mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password or ""
        return options

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.cert is not None:
                context.load_cert_chain(self.cert, self.key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"log.security: ca, cert or key can't be used: {error}") from error
        return context
