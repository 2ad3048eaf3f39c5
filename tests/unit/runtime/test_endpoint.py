"""The endpoint answers on loopback what it was given, and nothing else."""

from http.client import HTTPConnection
from threading import Event

import pytest

from pipeline.core.errors import ConfigError
from pipeline.runtime.endpoint import Endpoint
from pipeline.runtime.instruments import Instruments


def fetch(endpoint: Endpoint, path: str, method: str = "GET") -> tuple[int, str]:
    connection = HTTPConnection(endpoint.host, endpoint.port, timeout=5)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_metrics_shows_what_was_counted_until_now() -> None:
    instruments = Instruments()
    with Endpoint(instruments.registry, lambda: "") as endpoint:
        instruments.samples.inc(41)
        instruments.samples.inc(1)
        status, text = fetch(endpoint, "/metrics?name=ignored")
    assert status == 200
    assert "parkpulse_samples_total 42.0" in text.splitlines()


def test_readiness_follows_the_callable_while_the_process_stays_alive() -> None:
    ready, trouble = Event(), "gateway: MQTT broker: not connected"
    with Endpoint(Instruments().registry, lambda: "" if ready.is_set() else trouble) as endpoint:
        assert fetch(endpoint, "/readyz") == (503, f"not ready\n{trouble}\n")
        assert fetch(endpoint, "/healthz") == (200, "alive\n")
        ready.set()
        assert fetch(endpoint, "/readyz") == (200, "ready\n")


def test_an_unknown_path_names_the_known_ones() -> None:
    with Endpoint(Instruments().registry, lambda: "") as endpoint:
        status, text = fetch(endpoint, "/")
    assert status == 404
    assert "/metrics" in text


def test_nothing_can_be_changed_over_it() -> None:
    with Endpoint(Instruments().registry, lambda: "") as endpoint:
        assert fetch(endpoint, "/metrics", method="POST")[0] == 501


def test_port_zero_gives_each_a_free_port() -> None:
    with Endpoint(Instruments().registry, lambda: "") as one, Endpoint(Instruments().registry, lambda: "") as other:
        assert one.port != other.port
        assert 0 not in (one.port, other.port)


def test_a_taken_port_is_a_configuration_slip_that_says_what_to_do() -> None:
    with (
        Endpoint(Instruments().registry, lambda: "") as first,
        pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{first.port}; got .*; expected .*; set another port"),
    ):
        Endpoint(Instruments().registry, lambda: "", port=first.port)


def test_after_closing_the_port_can_be_bound_again() -> None:
    with Endpoint(Instruments().registry, lambda: "") as first:
        port = first.port
    first.close()
    with Endpoint(Instruments().registry, lambda: "", port=port) as second:
        assert fetch(second, "/healthz")[0] == 200


def test_a_scrape_leaves_no_word_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with Endpoint(Instruments().registry, lambda: "") as endpoint:
        fetch(endpoint, "/metrics")
        fetch(endpoint, "/nowhere")
    assert capfd.readouterr() == ("", "")
