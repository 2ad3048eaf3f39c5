"""The roles as processes of their own, each through a planned row of lives: started, killed, away, started again."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

LAUNCH = Path(__file__).with_name("launch.py")
PATIENCE_S = 25.0  # a life that its kill point did not end by then is a failure


@dataclass(frozen=True)
class Life:
    """Ends `after_s` old: by itself at `point`, or by our SIGKILL where there is none. Then `away_s` of nothing."""

    point: str
    after_s: float
    away_s: float


@dataclass
class Process:
    """`plan` is used up life by life; the last life after it goes on until `end`."""

    role: str
    config: Path
    plan: list[Life]
    kills: list[str] = field(default_factory=list)
    child: subprocess.Popen | None = None
    life: Life | None = None
    born: float = 0.0
    start_at: float = 0.0

    @property
    def log(self) -> Path:
        return self.config / f"{self.role}.log"

    @property
    def settled(self) -> bool:
        return not self.plan and self.life is None and self.child is not None

    def look(self) -> None:
        """Call often: starts, kills and notices what ended."""
        now = time.monotonic()
        if self.child is None:
            if now >= self.start_at:
                self._start()
        elif self.child.poll() is not None:
            self._ended()
        elif self.life and not self.life.point and now - self.born >= self.life.after_s:
            self.child.send_signal(signal.SIGKILL)
            self.child.wait()
            self._ended()
        elif self.life and now - self.born > self.life.after_s + PATIENCE_S:
            raise AssertionError(f"{self.role}: never came to {self.life.point!r}; its log:\n{self._said()}")

    def _start(self) -> None:
        self.life = self.plan.pop(0) if self.plan else None
        kill = [self.life.point, str(self.life.after_s)] if self.life and self.life.point else []
        with self.log.open("ab") as noise:
            self.child = subprocess.Popen(
                [sys.executable, str(LAUNCH), str(self.config), self.role, *kill],
                stdin=subprocess.DEVNULL,
                stdout=noise,
                stderr=noise,
            )
        self.born = time.monotonic()

    def _ended(self) -> None:
        code = self.child.returncode
        if code != -signal.SIGKILL or self.life is None:
            raise AssertionError(f"{self.role} ended by itself with {code}; its log:\n{self._said()}")
        self.kills.append(self.life.point or "from outside")
        self.start_at = time.monotonic() + self.life.away_s
        self.child, self.life = None, None

    def _said(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]

    def end(self) -> tuple[int, float]:
        """SIGTERM: exit code and seconds until it was gone."""
        since = time.monotonic()
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(20)
        return code, time.monotonic() - since

    def destroy(self) -> None:
        if self.child is not None and self.child.poll() is None:
            os.kill(self.child.pid, signal.SIGKILL)
            self.child.wait()
