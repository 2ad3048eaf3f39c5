"""`[store]` of park.toml: where results and alerts are kept for queries, and how an InfluxDB lets us in.

Rule: keys of one kind, or of one interface of InfluxDB, are slips with another. Levels are tags there.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from connectors.influx.measurements import NO_LEVELS
from pipeline.config.access import check_access, located
from pipeline.config.broker import checked_variable, secret
from pipeline.config.section import Section
from pipeline.config.slips import Slip

_OF_V1 = ("database", "retention_policy", "username", "password_env")
_OF_V2 = ("bucket", "org", "token_env")


def _server(url: str) -> str:
    if not url:
        return url
    expected = "expected http://HOST:PORT or https://HOST:PORT"
    try:
        parts = urlsplit(url)
        legal = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValueError(f"unreadable address; got {url!r}; {expected}") from None
    if parts.username is not None:
        raise ValueError("a user name in the address; use the keys username and password_env, or token_env")
    if not legal or parts.query or parts.fragment:
        raise ValueError(f"no address of an InfluxDB; got {url!r}; {expected}")
    return url.rstrip("/")


class StoreSection(Section):
    """Where results and alerts are kept for queries."""

    kind: Literal["influxdb", "local"] = Field(
        "local", description="Where results live: local (one file in data_dir) or influxdb (1.8 or 2)."
    )
    url: Annotated[str, AfterValidator(_server)] = Field(
        "", description="InfluxDB: its address.", examples=["http://influxdb:8086"]
    )
    api: Literal["v1", "v2"] = Field(
        "v1", description="InfluxDB: v1 (database, user and password) or v2 (bucket, org and token)."
    )
    database: str = Field("parkpulse", min_length=1, description="With v1: the database; it must exist.")
    retention_policy: str = Field("", description="With v1: the retention policy; empty: the database's default.")
    username: str = Field("", description="With v1: user name; empty: none is sent.")
    password_env: Annotated[str, AfterValidator(checked_variable)] = Field(
        "", description="With v1: environment variable of the password; <name>_FILE may name a file instead."
    )
    bucket: str = Field("parkpulse", min_length=1, description="With v2: the bucket; it must exist.")
    org: str = Field("-", min_length=1, description="With v2: the organisation.")
    token_env: Annotated[str, AfterValidator(checked_variable)] = Field(
        "", description="With v2: environment variable of the token; <name>_FILE may name a file instead."
    )
    ca: str = Field("", description="Certificates to trust (PEM file, relative to this file); empty: the system's.")
    cert: str = Field("", description="Our own certificate (PEM file), where InfluxDB asks for one.")
    key: str = Field("", description="The private key of cert (PEM file).")

    def secret(self) -> str:
        """Password or token, read at the moment of use; never kept, never printed."""
        variable = self.token_env if self.api == "v2" else self.password_env
        return (secret(variable) if variable else None) or ""


def _given(store: StoreSection) -> list[str]:
    """What says something: a default says nothing."""
    return [key for key, field in StoreSection.model_fields.items() if getattr(store, key) != field.default]


def check_store(store: StoreSection, levels: Sequence[str], folder: Path) -> Iterator[Slip]:
    if store.kind != "influxdb":
        for key in _given(store):
            yield Slip(("store", key), f"for an InfluxDB; got kind {store.kind!r}; set kind = 'influxdb' or remove it")
        return
    if not store.url:
        yield Slip(("store", "url"), "is missing; add it, for instance url = 'http://influxdb:8086'")
    for key in _OF_V1 if store.api == "v2" else _OF_V2:
        if key in _given(store):
            other = "v1" if store.api == "v2" else "v2"
            yield Slip(("store", key), f"for api {other}; got api {store.api!r}; set api = {other!r} or remove it")
    plain = f"got the plain address {store.url!r}; use https://"
    yield from check_access(("store",), store, folder, plain if store.url.startswith("http://") else "")
    if store.token_env and secret(store.token_env) is None:
        name = store.token_env
        what = f"variable {name} is not set; set {name}, or {name}_FILE to a file that holds it"
        yield Slip(("store", "token_env"), what, "secret")
    for level in levels:
        if level in NO_LEVELS:
            yield Slip(("levels",), f"{level!r} is a name of its own in InfluxDB; choose another name for the level")


def located_store(store: StoreSection, folder: Path) -> StoreSection:
    return store.model_copy(update=located(store, folder))
