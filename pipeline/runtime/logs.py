"""Logging setup: one format for us and for the libraries; console on a terminal, one JSON object a line otherwise.

Rule: quiet. Ours at INFO tell start, stop and changes of state, never a row or batch; libraries speak from WARNING up.
"""

import logging
import sys
from collections.abc import Callable
from typing import TextIO, cast

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor

_OURS = "parkpulse"
_SAID_BY_ALL: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
_PROCESSORS: tuple[Processor, ...] = (
    structlog.stdlib.filter_by_level,
    *_SAID_BY_ALL,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.StackInfoRenderer(),
    ProcessorFormatter.wrap_for_formatter,
)


def log(name: str) -> BoundLogger:
    """The logger of one part; usable at import, before `setup`: then warnings only, on stderr."""
    logger = logging.getLogger(f"{_OURS}.{name}")
    return cast(BoundLogger, structlog.wrap_logger(logger, processors=_PROCESSORS, wrapper_class=BoundLogger))


Spoken = Callable[[EventDict], EventDict]


def as_it_is(line: EventDict) -> EventDict:
    return line


def setup(level: str = "INFO", stream: TextIO | None = None, spoken: Spoken = as_it_is) -> None:
    """Sends everything to `stream` (stderr), in place of what an earlier call set up; on a terminal as `spoken`."""
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(_formatter(target.isatty(), spoken))
    root = logging.getLogger()
    for former in [h for h in root.handlers if isinstance(h.formatter, ProcessorFormatter)]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(level)
    logging.captureWarnings(True)


def _formatter(is_terminal: bool, spoken: Spoken) -> ProcessorFormatter:
    if is_terminal:
        console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        render: list[Processor] = [lambda _logger, _method, line: spoken(line), console]
    else:
        render = [
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    return ProcessorFormatter(
        foreign_pre_chain=_SAID_BY_ALL, processors=[ProcessorFormatter.remove_processors_meta, *render]
    )
