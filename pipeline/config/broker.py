"""`[[brokers]]` of park.toml: one MQTT broker, how to reach it and what to read there.

Rule: secrets come from the environment or from a file named there; the file knows the variable's name only.
"""

import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from pipeline.config.section import Section

Family = Literal["own", "telegraf", "umh"]
PORTS = {"mqtt": 1883, "mqtts": 8883}


def _broker_url(url: str) -> str:
    expected = "expected mqtt://HOST:PORT or mqtts://HOST:PORT"
    try:
        parts = urlsplit(url)
        legal = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValueError(f"unreadable address; got {url!r}; {expected}") from None
    if parts.username is not None:
        raise ValueError("a user name in the address; use the keys username and password_env")
    if not legal or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"no broker address; got {url!r}; {expected}")
    return url


def _variable(name: str) -> str:
    if name and not name.startswith("PARKPULSE_"):
        raise ValueError(f"wrong name; got {name!r}; expected an environment variable that begins with PARKPULSE_")
    return name


def secret(variable: str) -> str | None:
    """The secret that a variable holds, or that stands in the file which `<variable>_FILE` names."""
    file = os.environ.get(f"{variable}_FILE")
    if variable in os.environ or file is None:
        return os.environ.get(variable)
    path = Path(file)
    return path.read_text("utf-8").rstrip("\r\n") if path.is_file() else None


class TopicSection(Section):
    """Own topics of a broker, for instance where Telegraf publishes."""

    pattern: str = Field(description="Topic with captures in braces.", examples=["telegraf/{site}/{line}/{unit}"])
    family: Family = Field(description="How payloads there are read: own, telegraf or umh.", examples=["telegraf"])


class BrokerSection(Section):
    """One MQTT broker to receive samples from."""

    url: Annotated[str, AfterValidator(_broker_url)] = Field(
        description="Address of the broker; mqtts for TLS.", examples=["mqtt://127.0.0.1:1883"]
    )
    protocol: Literal["5", "3.1.1"] = Field("5", description="Version of MQTT to speak: 5 or 3.1.1.")
    families: tuple[Family, ...] = Field(("own", "umh"), description="Topic families to read: own, umh, telegraf.")
    topics: tuple[TopicSection, ...] = Field((), description="Own topic patterns beside those of the families.")
    ca: str = Field("", description="Certificates to trust (PEM file, relative to this file); empty: the system's.")
    cert: str = Field("", description="Our own certificate (PEM file), where the broker asks for one.")
    key: str = Field("", description="The private key of cert (PEM file).")
    username: str = Field("", description="User name; empty: none is sent.")
    password_env: Annotated[str, AfterValidator(_variable)] = Field(
        "", description="Environment variable that holds the password; <name>_FILE may name a file instead."
    )

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or PORTS[parts.scheme]

    @property
    def is_tls(self) -> bool:
        return urlsplit(self.url).scheme == "mqtts"

    def password(self) -> str | None:
        """Read at the moment of use; never kept, never printed."""
        return secret(self.password_env) if self.password_env else None
