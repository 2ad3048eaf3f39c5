"""Apache Kafka in KRaft mode: each node broker and controller in one; one node, or a quorum of several."""

import base64
import hashlib
from pathlib import Path

from connectors.services.broker_children import HOST
from connectors.services.obtain import Program, Say, run_to_end
from connectors.services.service import Node

KAFKA = "4.3.1"
JAVA = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # half the time to the first record
    "-Dlog4j2.configurationFile=log4j2.yaml",
)


def configure_kafka(node: Node, program: Program, say: Say) -> list[str]:
    """Settings, and once the format of the node's storage."""
    nodes = node.state.ports[node.service]
    voters = ",".join(f"{i}@{HOST}:{ports['controller']}" for i, ports in enumerate(nodes, 1))
    copies, in_sync = min(3, len(nodes)), 2 if len(nodes) >= 3 else 1
    node.lay("kafka-log4j2.yaml", "log4j2.yaml")
    settings = node.lay(
        "kafka.properties", "server.properties", node=node.index + 1, voters=voters, copies=copies, in_sync=in_sync
    )
    if not (node.folder / "data" / "meta.properties").exists():
        say("formatting its storage")
        main = ("kafka.tools.StorageTool", "format", "--ignore-formatted")
        words = (*program.command, *main, "-t", cluster_id(node.folder.parent), "-c", settings.name)
        run_to_end(words, say, node.folder, program.environment)
    return ["kafka.Kafka", settings.name]


def cluster_id(folder: Path) -> str:
    """The same for all nodes of a run folder: 16 bytes in base64url; the zero keeps a hyphen from its beginning."""
    digest = b"\0" + hashlib.sha256(str(folder).encode()).digest()[:15]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
