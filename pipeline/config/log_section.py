"""`[log]` of park.toml: where the spine between the roles lives, and how to be let in where that is a Kafka.

Rule: keys of one kind are slips with another; the number of partitions is fixed when topics are made.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline.config.access import check_access, located
from pipeline.config.broker import checked_variable, secret
from pipeline.config.section import Section
from pipeline.config.slips import Slip

KAFKA_PARTITIONS = 12
_PREFIX = re.compile(r"[A-Za-z0-9._-]{0,100}")


def _server(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536 or set(address) & set("/ ,@"):
        raise ValueError(f"no address of a Kafka broker; got {address!r}; expected HOST:PORT, for instance kafka:9092")
    return address


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        raise ValueError(f"cannot begin the name of a topic; got {text!r}; expected letters, digits and . _ -")
    return text


class SecuritySection(Section):
    """How Kafka lets us in: TLS, certificates, a user."""

    tls: bool = Field(False, description="Speak TLS.")
    ca: str = Field("", description="Certificates to trust (PEM file, relative to this file); empty: the system's.")
    cert: str = Field("", description="Our own certificate (PEM file), where Kafka asks for one.")
    key: str = Field("", description="The private key of cert (PEM file).")
    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="How user name and password are proved."
    )
    username: str = Field("", description="User name; empty: none is sent.")
    password_env: Annotated[str, AfterValidator(checked_variable)] = Field(
        "", description="Environment variable that holds the password; <name>_FILE may name a file instead."
    )

    def password(self) -> str | None:
        """Read at the moment of use; never kept, never printed."""
        return secret(self.password_env) if self.password_env else None


class LogSection(Section):
    """The log: the spine between the roles."""

    kind: Literal["kafka", "memory", "sqlite"] = Field(
        "sqlite", description="Where the log lives: sqlite (files in data_dir), kafka, or memory (gone at exit)."
    )
    bootstrap: tuple[Annotated[str, AfterValidator(_server)], ...] = Field(
        (), description="Kafka: some of its brokers, HOST:PORT.", examples=[["kafka-1:9092", "kafka-2:9092"]]
    )
    prefix: Annotated[str, AfterValidator(_prefix)] = Field(
        "", description="Kafka: begins the names of all topics and groups, where several parks share a cluster."
    )
    partitions: int = Field(
        0, ge=0, le=10_000, description="Partitions of the topics whose key is a line; 0: one, of Kafka 12."
    )
    security: SecuritySection = Field(SecuritySection(), description="How Kafka lets us in.")


def check_log(log: LogSection, folder: Path) -> Iterator[Slip]:
    if log.kind != "kafka":
        for key in ("bootstrap", "prefix"):
            if getattr(log, key):
                yield Slip(("log", key), f"for a Kafka; got kind {log.kind!r}; set kind = 'kafka' or remove it")
        return
    if not log.bootstrap:
        yield Slip(("log", "bootstrap"), "is missing; add it, for instance bootstrap = ['kafka-1:9092']")
    security = log.security
    plain = "" if security.tls else "got tls = false; set tls = true"
    yield from check_access(("log", "security"), security, folder, plain)


def resolved_log(log: LogSection, folder: Path) -> LogSection:
    """With whole paths, and a number of partitions."""
    security = log.security.model_copy(update=located(log.security, folder))
    partitions = log.partitions or (KAFKA_PARTITIONS if log.kind == "kafka" else 1)
    return log.model_copy(update={"partitions": partitions, "security": security})
