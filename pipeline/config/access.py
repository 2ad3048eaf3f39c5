"""What a place in the network needs to let us in: certificates and a user, the same for MQTT brokers and Kafka.

Rule: files must be there, things that belong together stand together, and a secret is only named.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pipeline.config.broker import secret
from pipeline.config.shape import Loc
from pipeline.config.slips import Slip


class Access(Protocol):
    """The keys that a section has for this."""

    @property
    def ca(self) -> str: ...
    @property
    def cert(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def password_env(self) -> str: ...


def check_access(at: Loc, access: Access, folder: Path, plain: str) -> Iterator[Slip]:
    """`plain`: how the section says that it goes without TLS, and what to do about it; "" with TLS."""
    for key, file in (("ca", access.ca), ("cert", access.cert), ("key", access.key)):
        if file and plain:
            yield Slip(at, f"{key} is for TLS; {plain} or remove {key}")
        elif file and not (folder / Path(file).expanduser()).is_file():
            yield Slip((*at, key), f"no such file; got {file!r}; expected a PEM file, relative to park.toml")
    if bool(access.cert) != bool(access.key):
        yield Slip((*at, "cert"), "cert and key belong together; give both or neither")
    if access.password_env and not access.username:
        yield Slip((*at, "username"), "a password without a user name; add username")
    if access.password_env and secret(access.password_env) is None:
        name = access.password_env
        what = f"variable {name} is not set; set {name}, or {name}_FILE to a file that holds it"
        yield Slip((*at, "password_env"), what, "secret")


def located(access: Access, folder: Path) -> dict[str, str]:
    """Its files with whole paths."""
    files = {"ca": access.ca, "cert": access.cert, "key": access.key}
    return {key: str((folder / Path(file).expanduser()).resolve()) if file else "" for key, file in files.items()}
