"""What Grafana makes of a board before a server is asked: variables, time shown, names of series.

As its InfluxDB and Prometheus data sources do it: `:regex` escapes for a regular expression, a plain variable of
Prometheus is escaped for one inside a string, a custom "all" is not escaped.
"""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

BOARDS = Path(__file__).parents[1] / "deploy" / "grafana" / "boards"
LANGUAGES = ("en", "vi")
NAMES = ("park", "line", "machine", "pipeline")


def read_board(language, name):
    return json.loads((BOARDS / language / f"{name}.json").read_text("utf-8"))


def panels(board):
    return [panel for panel in board["panels"] if panel["type"] != "row"]


@dataclass(frozen=True)
class Shown:
    """A time range, and what is chosen: one name, or several, or None for all."""

    since_ms: int
    until_ms: int
    chosen: dict = field(default_factory=dict)
    interval: str = "10s"

    def with_chosen(self, **names):
        return replace(self, chosen={**self.chosen, **names})

    def influxql(self, query):
        text = query.replace("$timeFilter", f"time >= {self.since_ms}ms and time <= {self.until_ms}ms")
        text = text.replace("$__interval", self.interval)
        text = text.replace("${__from}", str(self.since_ms)).replace("${__to}", str(self.until_ms))
        text = re.sub(r"\$\{(\w+):regex\}", lambda found: self._regex(found[1]), text)
        left = re.findall(r"\$(?!/)", re.sub(r"/\^.*?\$/", "", text))
        assert not left, f"not replaced: {text}"
        return text

    def _regex(self, name):
        names = self.chosen[name]
        if names is None:
            return ".*"
        escaped = [regex_escape(one) for one in ([names] if isinstance(names, str) else names)]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"

    def promql(self, query):
        names = self.chosen.get("instance")
        instance = ".*" if names is None else regex_escape(names).replace("\\", "\\\\")
        text = query.replace("$__rate_interval", "1m").replace("$instance", instance)
        assert "$" not in text, text
        return text


def regex_escape(text):
    return re.sub(r"[\\^$*+?.()|\[\]{}/]", lambda char: "\\" + char[0], text)


@dataclass(frozen=True)
class Frame:
    """A series of an answer: its tags, and columns with their values."""

    tags: dict
    columns: dict

    @property
    def values(self):
        """Columns but the time."""
        return {name: found for name, found in self.columns.items() if name != "time"}

    def named(self, alias):
        """Names of its series, as the alias says."""
        return [
            re.sub(r"\[\[tag_([^\]]+)\]\]", lambda found: self.tags[found[1]], alias).replace("$col", column)
            for column in self.values
        ]


def ask_influx(url, database, query):
    """Fails where the server finds anything wrong."""
    body = urllib.parse.urlencode({"q": query, "epoch": "ms", "db": database}).encode()
    with urllib.request.urlopen(f"{url}/query", data=body, timeout=30) as answer:
        (result,) = json.load(answer)["results"]
    assert "error" not in result, f"{result['error']}: {query}"
    return [
        Frame(one.get("tags", {}), dict(zip(one["columns"], map(list, zip(*one["values"], strict=True)), strict=True)))
        for one in result.get("series", [])
    ]


def ask_prometheus(url, query, until_s):
    """Vectors at a moment: (labels, number)."""
    words = urllib.parse.urlencode({"query": query, "time": until_s})
    with urllib.request.urlopen(f"{url}/api/v1/query?{words}", timeout=30) as answer:
        found = json.load(answer)
    assert found["status"] == "success", found
    return [(one["metric"], float(one["value"][1])) for one in found["data"]["result"]]


def influx_targets(panel) -> Iterator[dict]:
    yield from (target for target in panel["targets"] if "query" in target)
