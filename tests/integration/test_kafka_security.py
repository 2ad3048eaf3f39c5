"""A Kafka that asks for TLS, a user and rights: the log works there as elsewhere; a refusal is one line with a cure."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

pytest.importorskip("aiokafka", reason="no Kafka client: .venv/bin/pip install -e '.[kafka]'")

from connectors.kafka.log import KafkaLog
from connectors.kafka.settings import KafkaSettings, Mechanism
from pipeline.config.read import read_config
from pipeline.core.errors import ConfigError, Unavailable
from pipeline.core.ports import Outgoing
from pipeline.roles.doctor import checks
from pipeline.roles.start import open_log
from pipeline.runtime.clock import WallClock
from pipeline.runtime.examine import examine
from pipeline.view.sentences import sentence
from pipeline.view.words import Words
from tests.integration.secure_kafka import DESCRIBE, GROUP, READ, TOPIC, USERS, WRITE, SecureKafka, grant, secure_kafka

pytestmark = pytest.mark.real
PARK = """
language = "en"
data_dir = "data"
[[brokers]]
url = "mqtt://127.0.0.1:1"
[log]
kind = "kafka"
bootstrap = ["127.0.0.1:{port}"]
partitions = 1
[log.security]
"""
RIGHT = {"tls": "true", "ca": '"{folder}/ca.pem"', "username": '"gateway"', "password_env": '"PARKPULSE_KAFKA"'}
CLOSED = (
    "no connection: closed as soon as we speak; expected what its listener asks for: TLS or none, a user or none, "
    "a certificate of ours; correct log.security, or the port in log.bootstrap"
)
WRONG_USER = (
    "expected a user that Kafka knows by this mechanism; correct username, password_env or mechanism in [log.security]"
)
SCRAM_SAID = "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512"


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    with secure_kafka(tmp_path_factory.mktemp("secure")) as found:
        yield found


def filled(log: KafkaLog, value: bytes = b"1") -> KafkaLog:
    log.ensure({"samples.v1": 1, "results.v1": 1})
    writer = log.writer()
    writer.write([Outgoing("samples.v1", b"k", value)])
    writer.flush()
    writer.close()
    return log


def certified(kafka: SecureKafka) -> KafkaSettings:
    bare = replace(kafka.settings("mutual"), username=None, password=None)
    return replace(bare, cert=str(kafka.folder / "client.pem"), key=str(kafka.folder / "client.key"))


@pytest.mark.parametrize("way", ["SCRAM-SHA-512", "PLAIN", "certificate"])
def test_all_that_a_role_does_with_a_log_works_with_tls_and_a_user(
    kafka: SecureKafka, tmp_path: Path, way: str
) -> None:
    mechanism: Mechanism = "PLAIN" if way == "PLAIN" else "SCRAM-SHA-512"
    settings = certified(kafka) if way == "certificate" else kafka.settings(mechanism=mechanism)
    log = KafkaLog(replace(settings, prefix=f"{way}-"), tmp_path, {})
    reader = filled(log).reader("samples.v1", "worker", "first")
    assert [record.value for record in reader.poll(5)] == [b"1"]
    reader.commit({0: 1})
    assert reader.committed(0) == 1
    state = log.state()
    state.put("worker/0/x", b"kept")
    state.flush()
    assert state.load("worker/") == {"worker/0/x": b"kept"}
    assert log.verify({"samples.v1": 1}) == []
    log.close()


REFUSED = [
    ("secure", {"password_env": '"PARKPULSE_WRONG"'}, f"user or password refused; got '{SCRAM_SAID}'; {WRONG_USER}"),
    (
        "secure",
        {"password_env": '"PARKPULSE_WRONG"', "mechanism": '"PLAIN"'},
        f"user or password refused; got 'Authentication failed: Invalid username or password'; {WRONG_USER}",
    ),
    (
        "secure",
        {"mechanism": '"SCRAM-SHA-256"'},
        "mechanism refused; expected one of its sasl.enabled.mechanisms; correct log.security.mechanism",
    ),
    (
        "secure",
        {"ca": '"{folder}/stranger.pem"'},
        "its certificate is of no authority that we trust; got 'self-signed certificate in certificate chain'; "
        "set log.security.ca to its authority's",
    ),
    (
        "expired",
        {},
        "its certificate has ended; got 'certificate has expired'; renew it there, or set this machine's clock",
    ),
    (
        "elsewhere",
        {},
        "its certificate is of another host; got \"IP address mismatch, certificate is not valid for '127.0.0.1'.\"; "
        "write its name in log.bootstrap, or renew it there",
    ),
    ("secure", {"tls": "false", "ca": '""'}, CLOSED),
    ("secure", {"username": '""', "password_env": '""'}, CLOSED),
    ("mutual", {"username": '""', "password_env": '""'}, CLOSED),
]
NAMES = ["password", "plain", "mechanism", "authority", "expired", "elsewhere", "no-tls", "no-user", "no-certificate"]


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found = {"PARKPULSE_KAFKA": USERS["gateway"], "PARKPULSE_WRONG": "not-the-secret"}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return list(found.values())


@pytest.mark.parametrize("refused", REFUSED, ids=NAMES)
def test_a_refusal_is_one_line_that_names_the_key_to_correct_and_doctor_says_the_same(
    kafka: SecureKafka, tmp_path: Path, secrets: list[str], refused: tuple[str, dict[str, str], str]
) -> None:
    listener, slip, said = refused
    keys = "".join(f"{key} = {value.format(folder=kafka.folder)}\n" for key, value in (RIGHT | slip).items())
    (tmp_path / "park.toml").write_text(PARK.format(port=kafka.ports[listener]) + keys, "utf-8")
    park = read_config(tmp_path)
    with pytest.raises(Unavailable) as why:
        open_log(park, WallClock())
    text = str(why.value)
    assert text.endswith(f": {said}")
    assert not [secret for secret in secrets if secret in text]
    place = park.log.bootstrap[0]
    found = [f for f in examine(checks(park, WallClock()), lambda _: None) if f.place == place and not f.ok]
    assert [f"{f.what}; {f.cure}" for f in found] == [said]
    translated = sentence(text, Words("vi"))
    assert not [word for word in ("expected", "correct ", "renew", "its ", "refused") if word in translated]


def test_a_key_that_is_not_of_the_certificate_is_a_slip_of_the_configuration(
    kafka: SecureKafka, tmp_path: Path
) -> None:
    log = KafkaLog(replace(certified(kafka), key=str(kafka.folder / "ca.key")), tmp_path, {})
    with pytest.raises(ConfigError, match=r"log\.security: ca, cert or key can't be used: .*key values mismatch"):
        log.ensure({"samples.v1": 1})
    log.close()


def test_a_user_without_rights_is_told_the_right_and_goes_on_once_it_is_granted(
    kafka: SecureKafka, tmp_path: Path
) -> None:
    admin = filled(KafkaLog(kafka.settings(), tmp_path / "admin", {}))
    state = admin.state()
    state.put("worker/0/x", b"kept")
    state.flush()
    log = KafkaLog(kafka.settings(user="nobody"), tmp_path / "user", {})

    def given(kind: int, name: str, operation: int) -> None:
        asyncio.run(grant(kafka.settings(), "nobody", kind, name, operation))

    with pytest.raises(Unavailable, match=r"'samples.v1' is missing, or may not be seen by this user.*grant Describe"):
        log.ensure({"samples.v1": 1})
    given(TOPIC, "*", DESCRIBE)
    log.ensure({"samples.v1": 1})
    with pytest.raises(Unavailable, match=r"settings cannot be read: TopicAuthorizationFailed.*grant DescribeConfigs"):
        log.verify({"samples.v1": 1})
    writer = log.writer()
    writer.write([Outgoing("samples.v1", b"k", b"2")])
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"refused: ClusterAuthorizationFailed.*Write on what we write; grant it"):
            writer.flush()
    given(TOPIC, "results.v1", WRITE)
    with pytest.raises(Unavailable, match=r"samples.v1/0: write: refused: TopicAuthorizationFailed.*grant it"):
        writer.flush()
    given(TOPIC, "samples.v1", WRITE)
    writer.flush()
    with pytest.raises(Unavailable, match=r"state.v1: read: refused: TopicAuthorizationFailed.*grant it"):
        log.state().load("worker/")
    with pytest.raises(Unavailable, match=r"refused: GroupAuthorizationFailed.*Read on what we read and on its group"):
        log.reader("samples.v1", "worker", "first")
    given(GROUP, "worker.samples.v1", READ)
    reader = log.reader("samples.v1", "worker", "first")
    with pytest.raises(Unavailable, match=r"samples.v1: read: refused: TopicAuthorizationFailed.*grant it"):
        reader.poll(0.2)
    given(TOPIC, "samples.v1", READ)
    values, until = list[bytes](), monotonic() + 20
    while len(values) < 2 and monotonic() < until:
        with suppress(Unavailable):  # a refusal that was on its way
            values += [record.value for record in reader.poll(1)]
    assert values == [b"1", b"2"]
    reader.commit({0: 2})
    assert reader.committed(0) == 2
    log.close()
    admin.close()
