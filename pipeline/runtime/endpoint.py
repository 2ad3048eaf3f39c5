"""The HTTP endpoint of a process: /metrics for Prometheus, /healthz (alive), /readyz (ready) for whoever restarts it.

Rule: answers come from the registry and the callable it was given; it changes nothing, and says nothing to the log.
"""

from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from sys import exception
from threading import Thread
from types import TracebackType

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from pipeline.core.errors import ConfigError, plain

_TEXT = "text/plain; charset=utf-8"


class Endpoint:
    """Serves until closed. `port` is the bound one, also where 0 asked for any free port. `lacks` says what is missing,
    a line each; "" = ready."""

    def __init__(
        self, registry: CollectorRegistry, lacks: Callable[[], str], host: str = "127.0.0.1", port: int = 0
    ) -> None:
        try:
            self._server = _Server((host, port), registry, lacks)
        except OSError as error:
            raise ConfigError(
                f"http.port: cannot listen on {host}:{port}; got '{plain(error)}'; expected a free address; "
                "set another port, or 0 for any free one"
            ) from error
        self.host = host
        self.port = int(self._server.server_address[1])
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), name="endpoint", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops serving and frees the port; closing twice is allowed."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> "Endpoint":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_port = False  # a second process on our port is a slip, not a share

    def __init__(self, address: tuple[str, int], registry: CollectorRegistry, lacks: Callable[[], str]) -> None:
        super().__init__(address, _Handler)
        self.registry = registry
        self.lacks = lacks

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        if not isinstance(exception(), OSError):  # a caller that hangs up is no news
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5  # seconds that a silent caller may hold a thread

    def do_GET(self) -> None:
        status, kind, body = self._answer(self.path.partition("?")[0])
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        match path:
            case "/metrics":
                return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(self.server.registry)
            case "/healthz":
                return HTTPStatus.OK, _TEXT, b"alive\n"
            case "/readyz":
                lacks = self.server.lacks()
                if lacks:
                    return HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, f"not ready\n{lacks}\n".encode()
                return HTTPStatus.OK, _TEXT, b"ready\n"
            case _:
                return HTTPStatus.NOT_FOUND, _TEXT, b"try /metrics, /healthz or /readyz\n"

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: a scrape every few seconds is no event."""
