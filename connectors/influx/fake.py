"""An InfluxDB 2 for tests, on a real socket: it answers as 2.9.1 was seen to, on both of its interfaces for writing.

No registry carries 2.x as a package; the real one runs from its container image. `busy` are answers to give first, for
instance (503, "2") with the time to wait; while `silent` is set nobody gets an answer.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from connectors.influx.fake_points import Bucket, Unparsed
from connectors.influx.fake_query import answer
from pipeline.core.ports import Clock

HOST = "127.0.0.1"
_CODES = {400: "invalid", 401: "unauthorized", 404: "not found", 422: "unprocessable entity", 503: "unavailable"}


@dataclass
class FakeInflux:
    """`token` "": everybody is let in. `writes` counts what was asked for."""

    clock: Clock
    token: str = ""
    buckets: dict[str, Bucket] = field(default_factory=dict)
    busy: list[tuple[int, str]] = field(default_factory=list)
    silent: threading.Event = field(default_factory=threading.Event)
    writes: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @contextmanager
    def serving(self) -> Iterator["FakeInflux"]:
        fake = self

        class Bound(_Handler):
            served = fake

        with ThreadingHTTPServer((HOST, self.port), Bound) as server:
            server.daemon_threads = True
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


class _Handler(BaseHTTPRequestHandler):
    served: FakeInflux
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece: in two, each waits 40 ms for the other side's receipt

    def do_POST(self) -> None:
        where = urlsplit(self.path)
        asked = {name: found[0] for name, found in parse_qs(where.query).items()}
        while self.served.silent.is_set():
            self.served.clock.wait(0.01)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.served.token and self.headers.get("Authorization") != f"Token {self.served.token}":
            self._refuse(401, "unauthorized access")
        elif where.path == "/query":
            self._query(asked, {name: found[0] for name, found in parse_qs(body).items()})
        elif where.path in ("/api/v2/write", "/write"):
            self._write(asked.get("bucket") or asked.get("db", ""), body)
        else:
            self._refuse(404, "path not found")

    def do_GET(self) -> None:
        self._answer(200, b'{"status":"pass","version":"2.9.1"}' if self.path == "/health" else b"{}")

    def _write(self, name: str, body: str) -> None:
        served = self.served
        served.writes += 1
        if served.busy:
            status, wait = served.busy.pop(0)
            self._refuse(status, "busy", wait)
            return
        bucket = served.buckets.get(name)
        if bucket is None:
            self._refuse(404, f'bucket "{name}" not found')
            return
        try:
            slip = bucket.write(body, served.clock.now_ms())
        except Unparsed as error:
            self._refuse(400, str(error))
            return
        if slip:
            self._refuse(422, f"failure writing points to database: {slip}")
        else:
            self._answer(204, b"")

    def _query(self, asked: dict[str, str], form: dict[str, str]) -> None:
        bucket = self.served.buckets.get(asked.get("db", ""))
        if bucket is None:
            self._refuse(404, "no dbrp mapping found")
            return
        found = answer(bucket, form["q"], json.loads(form.get("params", "{}")))
        self._answer(200, json.dumps(found).encode() + b"\n")

    def _refuse(self, status: int, message: str, wait: str = "") -> None:
        told = json.dumps({"code": _CODES.get(status, "internal error"), "message": message})
        self._answer(status, told.encode(), wait)

    def _answer(self, status: int, body: bytes, wait: str = "") -> None:
        self.send_response(status)
        if wait:
            self.send_header("Retry-After", wait)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """A fake is quiet."""
