"""A stream that calls itself a terminal."""

import io


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
