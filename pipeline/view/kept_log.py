"""Log lines while a screen has the terminal: kept, and said when it has gone.

Rule: at most the newest hundred are kept; their number tells the screen that there are some.
"""

import io
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console

from pipeline.runtime.logs import setup
from pipeline.view.screen import can_draw
from pipeline.view.sentences import log_line
from pipeline.view.words import Words

KEPT = 100


class KeptLog(io.StringIO):
    """Stands in for `stream`, a terminal."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines: deque[str] = deque(maxlen=KEPT)
        self._is_open = False
        self.count = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._lines.append(text)
        self.count += 1
        if self._is_open:
            self.let_go()
        return len(text)

    def let_go(self) -> None:
        """From now on everything goes to the terminal, what was kept first."""
        self._is_open = True
        while self._lines:
            self._stream.write(self._lines.popleft())
        self._stream.flush()

    def notes(self, words: Words) -> list[str]:
        """What the screen says of them."""
        return [f"{words.whole(self.count)} {words['log_lines']}"] if self.count else []


@contextmanager
def logs_kept(console: Console, level: str, words: Words) -> Iterator[KeptLog | None]:
    """Logging as it fits what is shown: where a screen is and logs would go to the same terminal, they wait."""
    kept = KeptLog(sys.stderr) if can_draw(console) and sys.stderr.isatty() else None
    setup(level, kept, lambda line: log_line(line, words))
    try:
        yield kept
    finally:
        if kept is not None:
            kept.let_go()
