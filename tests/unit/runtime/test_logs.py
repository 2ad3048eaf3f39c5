"""Logs are JSON for machines, words for people, and quiet for both."""

import io
import json
import logging

import pytest

from pipeline.runtime.logs import log, setup
from tests.unit.terminal import Terminal

pytestmark = pytest.mark.usefixtures("former_logging")


def test_off_a_terminal_every_line_is_one_json_object() -> None:
    out = io.StringIO()
    setup(stream=out)
    log("gateway").info("connected", broker="mqtt://127.0.0.1", lỗi="không")
    (line,) = out.getvalue().splitlines()
    said = json.loads(line)
    assert said.pop("timestamp").endswith("Z")
    assert said == {
        "event": "connected",
        "level": "info",
        "logger": "parkpulse.gateway",
        "broker": "mqtt://127.0.0.1",
        "lỗi": "không",
    }


def test_on_a_terminal_lines_are_for_reading() -> None:
    out = Terminal()
    setup(stream=out)
    log("worker").warning("checkpoint is old", seconds=90)
    assert "checkpoint is old" in out.getvalue()
    assert not out.getvalue().startswith("{")


def test_details_are_quiet_unless_asked_for() -> None:
    out = io.StringIO()
    setup(stream=out)
    log("worker").debug("step")
    assert out.getvalue() == ""
    setup(level="DEBUG", stream=out)
    log("worker").debug("step")
    assert json.loads(out.getvalue())["event"] == "step"


def test_libraries_are_heard_from_warning_up_in_the_same_format() -> None:
    out = io.StringIO()
    setup(stream=out)
    library = logging.getLogger("paho.mqtt")
    library.info("sending CONNECT")
    library.warning("lost %s", "'broker'", extra={"attempt": 2})
    said = json.loads(out.getvalue())
    assert (said["event"], said["level"], said["logger"], said["attempt"]) == (
        "lost 'broker'",
        "warning",
        "paho.mqtt",
        2,
    )


def test_setting_up_twice_says_everything_once() -> None:
    first, second = io.StringIO(), io.StringIO()
    setup(stream=first)
    setup(stream=second)
    log("notifier").info("start")
    assert first.getvalue() == ""
    assert len(second.getvalue().splitlines()) == 1


def test_a_logger_made_before_the_setup_follows_it() -> None:
    early = log("historian")
    out = io.StringIO()
    setup(stream=out)
    early.info("start")
    assert json.loads(out.getvalue())["event"] == "start"


def test_an_exception_is_one_line_with_its_trace_as_data() -> None:
    out = io.StringIO()
    setup(stream=out)
    try:
        raise ValueError("odd")
    except ValueError:
        log("worker").exception("stopped")
    (line,) = out.getvalue().splitlines()
    assert json.loads(line)["exception"][0]["exc_value"] == "odd"
