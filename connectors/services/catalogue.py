"""The real services, one value each, in the order of their worth to the pipeline."""

from connectors.services.broker_children import HOST, mosquitto_conf
from connectors.services.influxdb import furnish
from connectors.services.kafka import JAVA, KAFKA, configure_kafka
from connectors.services.obtain import Program, Say
from connectors.services.ready import answers, knows_brokers, listens
from connectors.services.service import Node, Service, template_of
from connectors.services.ways import debian_package, go_build, maven_jars, on_this_machine

INFLUXDB = "1.8.10"  # the newest that a registry carries and that speaks both /write and /api/v2/write
ALERTMANAGER = "0.28.1"


def _configure_mosquitto(node: Node, program: Program, say: Say) -> list[str]:
    config = node.folder / "mosquitto.conf"
    config.write_text(mosquitto_conf(node.folder, node.ports["client"]))
    return ["-c", str(config)]


def _configure_influxdb(node: Node, program: Program, say: Say) -> list[str]:
    return ["run", "-config", str(node.lay("influxdb.conf", "influxdb.conf"))]


def _configure_prometheus(node: Node, program: Program, say: Say) -> list[str]:
    for folder in ("targets", "rules"):
        (node.folder / folder).mkdir(exist_ok=True)
    (alertmanager,) = node.state.ports["alertmanager"]
    config = node.lay("prometheus.yml", "prometheus.yml", alertmanager=alertmanager["client"])
    # The default delay is a minute, and the first alert is always lost: no Alertmanager is known yet.
    return [
        f"--config.file={config}",
        f"--storage.tsdb.path={node.folder}/data",
        f"--web.listen-address={HOST}:{node.ports['client']}",
        "--web.enable-lifecycle",
        "--rules.alert.resend-delay=5s",
    ]


def _configure_alertmanager(node: Node, program: Program, say: Say) -> list[str]:
    # Without an empty cluster address it opens its gossip port on every interface.
    return [
        f"--config.file={node.lay('alertmanager.yml', 'alertmanager.yml')}",
        f"--storage.path={node.folder}/data",
        f"--web.listen-address={HOST}:{node.ports['client']}",
        "--cluster.listen-address=",
    ]


CATALOGUE = (
    Service(
        name="mosquitto",
        variable="PARKPULSE_TEST_MQTT",
        address="{host}:{port}",
        ports=("client",),
        ways=(on_this_machine("mosquitto"), debian_package("mosquitto", "usr/sbin/mosquitto")),
        bring="`apt-get install mosquitto`",
        configure=_configure_mosquitto,
        serves=lambda ports, _: listens(ports["client"]),
    ),
    Service(
        name="kafka",
        variable="PARKPULSE_TEST_KAFKA",
        address="{host}:{port}",
        ports=("client", "controller"),
        ways=(maven_jars(f"kafka-{KAFKA}", template_of("kafka-jars.xml").substitute(version=KAFKA), JAVA),),
        bring="Java 17 or newer, Maven and a Maven repository that it reaches (`apt-get install maven`)",
        configure=configure_kafka,
        serves=lambda ports, nodes: knows_brokers(ports["client"], nodes),
        patience_s=90.0,
    ),
    Service(
        name="influxdb",
        variable="PARKPULSE_TEST_INFLUX",
        address="http://{host}:{port}",
        ports=("client", "backup"),
        ways=(
            on_this_machine("influxd", version=" v1.8."),
            go_build(f"influxdb-{INFLUXDB}", "github.com/influxdata/influxdb/cmd/influxd", INFLUXDB),
        ),
        bring="Go and a module proxy that it reaches (`apt-get install golang-go`)",
        configure=_configure_influxdb,
        serves=lambda ports, _: answers(ports["client"], "/ping", 204),
        furnish=lambda ports: furnish(ports["client"]),
    ),
    Service(
        name="prometheus",
        variable="PARKPULSE_TEST_PROMETHEUS",
        address="http://{host}:{port}",
        ports=("client",),
        ways=(on_this_machine("prometheus"), debian_package("prometheus", "usr/bin/prometheus")),
        bring="`apt-get install prometheus`",
        configure=_configure_prometheus,
        serves=lambda ports, _: answers(ports["client"], "/-/ready", 200),
    ),
    Service(
        name="alertmanager",
        variable="PARKPULSE_TEST_ALERTMANAGER",
        address="http://{host}:{port}",
        ports=("client",),
        ways=(
            on_this_machine("alertmanager", "prometheus-alertmanager"),
            # Debian's looks for its templates at a fixed place of the system, so it can't be unpacked elsewhere.
            go_build(
                f"alertmanager-{ALERTMANAGER}", "github.com/prometheus/alertmanager/cmd/alertmanager", ALERTMANAGER
            ),
        ),
        bring="`apt-get install prometheus-alertmanager`, or Go and a module proxy that it reaches",
        configure=_configure_alertmanager,
        serves=lambda ports, _: answers(ports["client"], "/-/ready", 200),
    ),
)
