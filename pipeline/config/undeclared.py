"""The configuration of a line that no file declares."""

from pipeline.core.line_config import LineConfig, TimeConfig


def default_line(path: str, levels: tuple[str, ...] = (), time: TimeConfig | None = None) -> LineConfig:
    """A line whose samples came without a file: its metrics get statistics and scores, it has no alarms and no pace."""
    return LineConfig(path=path, levels=levels, time=time or TimeConfig())
