"""A clock that says what it was last told, backwards too."""

import time


class HandClock:
    def __init__(self, now: int) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)
