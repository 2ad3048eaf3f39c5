"""Requests to an InfluxDB over HTTP, each answered before the next: no buffer in the background that a crash empties.

Rule: an answer of any status is a value; no answer, or none in time, is `Unavailable`. No secret and no line is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLError

import msgspec
from influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from urllib3 import HTTPResponse
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from connectors.influx.settings import InfluxSettings
from connectors.tls import tls_trouble
from pipeline.core.errors import Unavailable

CONNECT_MS = 5_000
LATER_S = 5.0  # where an operator has something to do


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `text` its body; `retry_after` in seconds, where the server named a time to wait; `date`
    the server's clock, where it told it (RFC 9110, whole seconds)."""

    status: int
    text: str
    retry_after: float | None = None
    date: str = ""

    @property
    def words(self) -> str:
        """What the server says, without its wrapping."""
        try:
            found = msgspec.json.decode(self.text, type=dict[str, object])
        except msgspec.DecodeError:
            return self.text.strip()[:300]
        return str(found.get("error") or found.get("message") or self.text.strip())[:300]


class Wire:
    def __init__(self, settings: InfluxSettings) -> None:
        self.settings = settings
        is_user = bool(settings.username)
        self._client = InfluxDBClient(
            settings.url,
            token=f"{settings.username}:{settings.secret}" if is_user else settings.secret or None,
            org=settings.org,
            timeout=(CONNECT_MS, settings.answer_ms),
            auth_basic=is_user and settings.api == "v1",
            ssl_ca_cert=settings.ca or None,
            cert_file=settings.cert or None,
            cert_key_file=settings.key or None,
        )

    def write(self, body: bytes) -> Answer:
        return self._post(self.settings.write_path, self.settings.write_parameters(), body, {})

    def query(self, text: str, values: Mapping[str, str]) -> Answer:
        """InfluxQL; what is not ours stands in `values`, never in the text."""
        form = {"q": text, "epoch": "ms", "chunked": "true", "params": msgspec.json.encode(values).decode()}
        where = {"db": self.settings.database, **({"rp": self.settings.policy} if self.settings.policy else {})}
        return self._post("/query", where, None, form)

    def _post(self, path: str, where: Mapping[str, str], body: bytes | None, form: Mapping[str, str]) -> Answer:
        kind = "text/plain; charset=utf-8" if body is not None else "application/x-www-form-urlencoded"
        try:
            response: HTTPResponse = self._client.api_client.call_api(
                path,
                "POST",
                query_params=list(where.items()),
                header_params={"Content-Type": kind, "Accept": "application/json"},
                body=body,
                post_params=list(form.items()),
                _preload_content=False,
                _return_http_data_only=True,
            )
            return Answer(
                response.status, response.data.decode(errors="replace"), date=response.headers.get("Date", "")
            )
        except ApiException as error:
            if error.response is None:
                raise Unavailable(f"store: {self.settings.url}: {_tls(error)}", LATER_S) from error
            return _refused(error.response)
        except (HTTPError, OSError) as error:
            raise Unavailable(f"store: {self.settings.url}: {self._why(error)}") from error

    def _why(self, error: Exception) -> str:
        if isinstance(error, NewConnectionError | OSError):
            return "nothing answers there; start InfluxDB, or correct store.url"
        if isinstance(error, ConnectTimeoutError | ReadTimeoutError):
            return f"no answer in {self.settings.answer_ms // 1000} s"
        return f"the connection failed: {type(error).__name__}"

    def close(self) -> None:
        self._client.close()


def _tls(error: ApiException) -> str:
    """The client library tells of TLS alone without a response; what Python says of it lies beneath."""
    found: list[object] = [error.__context__]
    for one in found:
        if isinstance(one, SSLError):
            return tls_trouble(one, "store.ca", "store.url")
        if isinstance(one, BaseException):
            found += [*one.args, getattr(one, "reason", None)]
    return f"no TLS: {str(error.reason).splitlines()[-1]}"


def _refused(response: HTTPResponse) -> Answer:
    wait = response.headers.get("Retry-After", "")
    text = response.data.decode(errors="replace")
    return Answer(response.status, text, float(wait) if wait.isdecimal() else None)
