"""The programs that a broker inside can be, as command lines, and the tether that ends them with their parent."""

import importlib.util
import shutil
import sys
from pathlib import Path

from pipeline.core.errors import ConfigError

HOST = "127.0.0.1"
MAX_PACKET = 16 << 20  # far above any `max_payload`: the gateway rejects what is too large, with a reason

# Queues without limit: Mosquitto drops silently past its default of 1000 messages a client.
# `user root` counts only for root, who would else become a user that can't write the folder.
_MOSQUITTO_CONF = """\
listener {port} {host}
allow_anonymous true
user root
persistence true
persistence_location {folder}/
autosave_interval 30
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 10000
max_packet_size {max_packet}
set_tcp_nodelay true
connection_messages false
log_dest stderr
log_type error
log_type warning
"""

# Its own log has a line for every packet.
_IOTCORE_CODE = """\
import logging
from iotcore import IotCoreBroker
logging.disable()
IotCoreBroker(
    listen="{host}", port={port}, max_payload_size={max_packet}, max_inflight_count=10000
).run_forever()
"""

# Ends the program when standard input closes: on `close`, or because the parent is gone, however it died.
TETHER = """\
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ read -r _ <&3; kill "$child" 2>/dev/null; } &
tether=$!
wait "$child"
code=$?
kill "$tether" 2>/dev/null
exit "$code"
"""


def find_mosquitto() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def mosquitto_command(folder: Path, port: int) -> list[str]:
    program = find_mosquitto()
    if program is None:
        raise ConfigError("broker: mosquitto is not on this machine; `apt-get install mosquitto`")
    config = folder / "mosquitto.conf"
    config.write_text(mosquitto_conf(folder, port))
    return [program, "-c", str(config)]


def mosquitto_conf(folder: Path, port: int) -> str:
    return _MOSQUITTO_CONF.format(port=port, host=HOST, folder=folder, max_packet=MAX_PACKET)


def iotcore_command(port: int) -> list[str]:
    if not importlib.util.find_spec("iotcore"):
        raise ConfigError("broker: iotcore is not installed; `pip install 'parkpulse[broker]'`")
    return [sys.executable, "-P", "-c", _IOTCORE_CODE.format(port=port, host=HOST, max_packet=MAX_PACKET)]
