"""InfluxDB 1.8 with what the pipeline expects to find: its database, how long it keeps, who may write and who may read.

Rule: it may be done again at any time and changes nothing then. Its server is on loopback and lets everybody in; the
users are there so that a configuration with them works, here as on a server that asks for them.
"""

import base64
import http.client
import json
from collections.abc import Sequence
from contextlib import closing
from urllib.parse import urlencode

from connectors.services.broker_children import HOST
from pipeline.core.errors import Unavailable

DATABASE, POLICY = "parkpulse", "kept"
ADMIN, WRITER, READER = "parkpulse_admin", "parkpulse_write", "parkpulse_read"
PASSWORD = "only-on-loopback"
WAIT_S = 10.0

_ADMIN = f"CREATE USER {ADMIN} WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES"
_REST = (
    f"CREATE DATABASE {DATABASE} WITH DURATION INF SHARD DURATION 7d NAME {POLICY}",
    f"CREATE USER {WRITER} WITH PASSWORD '{PASSWORD}'",
    f"CREATE USER {READER} WITH PASSWORD '{PASSWORD}'",
    # Whoever writes also reads: which revision is there decides what is written.
    f"GRANT ALL ON {DATABASE} TO {WRITER}",
    f"GRANT READ ON {DATABASE} TO {READER}",
)


def furnish(port: int) -> None:
    """Raises Unavailable, with the server's words."""
    _run(port, [_ADMIN])  # before there is one, a server that asks for users takes this alone
    _run(port, _REST)


def _run(port: int, statements: Sequence[str]) -> None:
    name = base64.b64encode(f"{ADMIN}:{PASSWORD}".encode()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {name}"}
    try:
        with closing(http.client.HTTPConnection(HOST, port, timeout=WAIT_S)) as connection:
            connection.request("POST", "/query", urlencode({"q": "; ".join(statements)}), headers)
            answer = connection.getresponse()
            body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"influxdb: no answer while its database was made: {error}") from error
    found = [str(one["error"]) for one in json.loads(body).get("results", []) if "error" in one]
    if answer.status != http.client.OK or found:
        raise Unavailable(f"influxdb: its database was not made: {found[0] if found else body.strip()}")
