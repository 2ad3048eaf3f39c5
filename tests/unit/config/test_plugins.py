"""Plugins are found by the name of their file."""

import pytest

import pipeline.alarms
from pipeline.core.discovery import known_kinds, plugin_class
from pipeline.core.errors import ConfigError


@pytest.mark.parametrize("kind", known_kinds(pipeline.alarms))
def test_every_file_of_the_folder_holds_one_class(kind: str) -> None:
    assert plugin_class(pipeline.alarms, kind).__module__ == f"pipeline.alarms.{kind}"


def test_an_unknown_kind_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown kind 'limits'; known kinds: limit, .*; did you mean 'limit'"):
        plugin_class(pipeline.alarms, "limits")
