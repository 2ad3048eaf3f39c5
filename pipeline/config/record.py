"""A line's configuration as a record of the log: what a worker knows a line from.

Rule: equal configurations give equal bytes; a line that no file declares still has a configuration.
"""

from pydantic import ValidationError

from pipeline.core.errors import Bug
from pipeline.core.line_config import LineConfig, TimeConfig


def encode_line(line: LineConfig) -> bytes:
    return line.to_json()


def decode_line(body: bytes) -> LineConfig:
    """Raises Bug: these records are written by our own gateways only."""
    try:
        return LineConfig.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise Bug(f"configuration record: {where}: {first['msg']}; got {body[:80]!r}") from None


def default_line(path: str, levels: tuple[str, ...] = (), time: TimeConfig | None = None) -> LineConfig:
    """A line whose samples came without a file: its metrics get statistics and scores, it has no alarms and no pace."""
    return LineConfig(path=path, levels=levels, time=time or TimeConfig())
