"""`[[brokers]]` of park.toml: one MQTT broker, how to reach it and what to read there.

Rule: secrets come from the environment or from a file named there; the file knows the variable's name only.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from connectors.codecs.patterns import Pattern, path_slip, shared_slip, syntax_slip
from connectors.codecs.topics import FAMILIES, family_filter
from pipeline.config.section import Section
from pipeline.config.slips import Slip

Family = Literal["own", "telegraf", "umh"]
PayloadFamily = Literal["influx", "own", "telegraf", "umh"]
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


def checked_variable(name: str) -> str:
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


def _pattern(text: str) -> str:
    if slip := syntax_slip(text):
        raise ValueError(slip)
    return text


class TopicSection(Section):
    """Own topics of a broker, for instance where Telegraf publishes."""

    pattern: Annotated[str, Field(min_length=1), AfterValidator(_pattern)] = Field(
        description="Topic with captures of levels in braces, for own and umh also {metric}, and wildcards + and #. "
        "What it does not capture comes from Telegraf's tag equipment.",
        examples=["factory/{site}/{line}/{unit}/telegraf"],
    )
    family: PayloadFamily = Field(
        description="How payloads there are read: telegraf (its JSON), influx (line protocol), own or umh.",
        examples=["telegraf"],
    )


class BrokerSection(Section):
    """One MQTT broker to receive samples from."""

    url: Annotated[str, AfterValidator(_broker_url)] = Field(
        description="Address of the broker; mqtts for TLS.", examples=["mqtt://127.0.0.1:1883"]
    )
    protocol: Literal["5", "3.1.1"] = Field("5", description="Version of MQTT to speak: 5 or 3.1.1.")
    families: tuple[Family, ...] = Field(
        ("own", "umh"), description="Topic families to read: own, umh; telegraf: by [[brokers.topics]]."
    )
    topics: tuple[TopicSection, ...] = Field((), description="Own topic patterns beside those of the families.")
    ca: str = Field("", description="Certificates to trust (PEM file, relative to this file); empty: the system's.")
    cert: str = Field("", description="Our own certificate (PEM file), where the broker asks for one.")
    key: str = Field("", description="The private key of cert (PEM file).")
    username: str = Field("", description="User name; empty: none is sent.")
    password_env: Annotated[str, AfterValidator(checked_variable)] = Field(
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

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        return tuple(Pattern(topic.pattern, topic.family) for topic in self.topics)

    @property
    def family_filters(self) -> list[str]:
        """Topics of the families that are switched on and have topics of their own."""
        return [family_filter(family) for family in self.families if family in FAMILIES]

    @property
    def filters(self) -> list[str]:
        """What to subscribe to: topics of the families, and own ones."""
        return self.family_filters + [pattern.filter for pattern in self.patterns]

    def password(self) -> str | None:
        """Read at the moment of use; never kept, never printed."""
        return secret(self.password_env) if self.password_env else None


def check_topics(i: int, broker: BrokerSection, levels: Sequence[str], slips: Sequence[Slip]) -> Iterator[Slip]:
    """Patterns that can give no path, or share topics; `levels` is empty where they are wrong themselves, and `slips`
    tells whether the patterns are those of the file."""
    at = ("brokers", i, "topics")
    has_all = not any(slip.loc[:3] == at for slip in slips)
    for j, topic in enumerate(broker.topics):
        found = path_slip(topic.pattern, topic.family, levels) if levels else ""
        if slip := found or shared_slip(
            broker.patterns[j], broker.patterns[:j] if has_all else (), broker.family_filters
        ):
            yield Slip((*at, j, "pattern"), slip)
