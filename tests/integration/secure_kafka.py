"""A Kafka of one's own that asks for TLS, a user and rights (ACLs): its certificates, listeners and users.

`plain` asks for nothing, and sends its clients through a gap that can be made long or shut (`tests.integration.gap`);
`secure` is a listener with users, `mutual` one with certificates of its clients; `expired` and `elsewhere` show a
certificate that has ended, or is of another host. Users are known by SCRAM and by PLAIN; only what is granted may be
done.
"""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest

from connectors.kafka.settings import KafkaSettings, Mechanism
from connectors.services.cache import cache_folder
from connectors.services.catalogue import CATALOGUE
from connectors.services.kafka import cluster_id
from connectors.services.obtain import Means, NotHad, Program
from connectors.services.ready import listens
from connectors.services.run_folder import free_port
from connectors.services.service import template_of
from connectors.services.up import obtain
from tests.integration.certificates import CERTIFIED, certificates
from tests.integration.gap import Gap

SERVICE = next(service for service in CATALOGUE if service.name == "kafka")
PROTOCOLS = {
    "mutual": "SSL",
    "plain": "PLAINTEXT",
    "secure": "SASL_SSL",
    "expired": "SASL_SSL",
    "elsewhere": "SASL_SSL",
}
USERS = {"admin": "admin-secret", "gateway": "gateway-secret", "nobody": "nobody-secret"}
LOGIN = "org.apache.kafka.common.security"


@dataclass
class SecureKafka:
    folder: Path
    ports: dict[str, int]
    gap: Gap
    program: Program
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Until it serves."""
        with (self.folder / "log").open("ab") as noise:
            command = [*self.program.command, "kafka.Kafka", "server.properties"]
            self.child = subprocess.Popen(command, cwd=self.folder, stdout=noise, stderr=noise)
        until = time.monotonic() + 40
        while not listens(self.ports["secure"]):
            assert self.child.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < until
            time.sleep(0.05)

    def kill(self) -> None:
        if self.child is not None:
            self.child.kill()
            self.child.wait()

    @property
    def plain(self) -> KafkaSettings:
        return KafkaSettings((f"127.0.0.1:{self.gap.port}",))

    def settings(
        self, listener: str = "secure", user: str = "admin", mechanism: Mechanism = "SCRAM-SHA-512"
    ) -> KafkaSettings:
        address = f"127.0.0.1:{self.ports[listener]}"
        return KafkaSettings((address,), True, str(self.folder / "ca.pem"), None, None, mechanism, user, USERS[user])


def lines(folder: Path, ports: dict[str, int]) -> Iterator[str]:
    """What the settings of the product's own Kafka for tests get in addition, or anew."""
    yield f"controller.quorum.voters=1@127.0.0.1:{ports['controller']}"
    addresses = [f"{name.upper()}://127.0.0.1:{ports[name]}" for name in PROTOCOLS]
    yield f"listeners={','.join(addresses)},CONTROLLER://127.0.0.1:{ports['controller']}"
    told = [f"{name.upper()}://127.0.0.1:{ports['gap' if name == 'plain' else name]}" for name in PROTOCOLS]
    yield f"advertised.listeners={','.join(told)}"
    protocols = [f"{name.upper()}:{protocol}" for name, protocol in PROTOCOLS.items()]
    yield f"listener.security.protocol.map={','.join(protocols)},CONTROLLER:PLAINTEXT"
    yield "listener.name.mutual.ssl.client.auth=required"
    yield "inter.broker.listener.name=SECURE"
    yield "sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512"
    yield "sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN"
    yield "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer"
    yield "super.users=User:admin;User:CN=client;User:ANONYMOUS"  # of listeners without users
    yield "ssl.truststore.type=PEM"
    yield f"ssl.truststore.location={folder}/ca.pem"
    own = f'username="admin" password="{USERS["admin"]}"'
    plain = " ".join(f'user_{name}="{password}"' for name, password in USERS.items())
    for name in CERTIFIED:
        at = f"listener.name.{name}"
        yield f"{at}.ssl.keystore.type=PEM"
        yield f"{at}.ssl.keystore.location={folder}/{name}-all.pem"
        yield f"{at}.scram-sha-512.sasl.jaas.config={LOGIN}.scram.ScramLoginModule required {own};"
        yield f"{at}.plain.sasl.jaas.config={LOGIN}.plain.PlainLoginModule required {own} {plain};"


def program() -> Program:
    """A skip with the reason where it can't be had."""
    try:
        return obtain(SERVICE, Means(cache_folder(os.environ), lambda text, passing=False: None))
    except NotHad as reason:
        if os.environ.get("SERVICES") == "required":
            pytest.fail(f"kafka: {reason}")
        pytest.skip(f"kafka: {reason}")


@contextmanager
def secure_kafka(folder: Path) -> Iterator[SecureKafka]:
    kafka, ports = program(), dict[str, int]()
    for purpose in (*PROTOCOLS, "gap", "controller"):
        ports[purpose] = free_port(set(ports.values()))
    certificates(folder)
    words = {"node": 1, "voters": "", "copies": 1, "in_sync": 1, "host": "127.0.0.1", "client": 0, "controller": 0}
    text = template_of("kafka.properties").substitute(words)
    (folder / "server.properties").write_text(text + "\n" + "\n".join(lines(folder, ports)) + "\n")
    (folder / "log4j2.yaml").write_text(template_of("kafka-log4j2.yaml").substitute())
    scram = [f"--add-scram=SCRAM-SHA-512=[name={name},password={password}]" for name, password in USERS.items()]
    form = ["kafka.tools.StorageTool", "format", "-t", cluster_id(folder), "-c", "server.properties", *scram]
    subprocess.run([*kafka.command, *form], cwd=folder, check=True, capture_output=True)
    with Gap(ports["gap"], ports["plain"]) as gap:
        found = SecureKafka(folder, ports, gap, kafka)
        try:
            found.start()
            yield found
        finally:
            found.kill()


async def removed(kafka: SecureKafka, *topics: str) -> None:
    admin = AIOKafkaAdminClient(**kafka.settings().client("tests"))
    await admin.start()
    await admin.delete_topics([*topics])
    await admin.close()


TOPIC, GROUP = 2, 3  # kinds of what a right is on, and what may be done with it, as Kafka's protocol numbers them
READ, WRITE, DESCRIBE = 3, 4, 8
_ALLOW, _LITERAL = 3, 3


async def grant(settings: KafkaSettings, user: str, kind: int, name: str, operation: int) -> None:
    """`settings`: of one who may; `name` "*": all of the kind."""
    admin = AIOKafkaAdminClient(**settings.client("tests"))
    await admin.start()
    try:
        right = CreateAclsRequest(kind, name, _LITERAL, f"User:{user}", "*", operation, _ALLOW)
        answer = await admin._send_request(right)
        assert [code for code, *_ in answer.creation_responses] == [0], answer
    finally:
        await admin.close()
    await asyncio.sleep(0.5)  # until it is in force
