"""A gap in the way to a service: it can be shut, as if nobody were there, made long, so that all takes its
time, or swallow what is sent into it, as half-open connections do, or what comes back alone: done, and never told."""

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType

CHUNK = 1 << 16


class Gap:
    """Listens at `port` for what goes on at `to` of this machine. Each piece on its way waits `delay_s`; what comes
    while it `swallows` is gone, with nobody told; so is what comes back behind `pieces_back` pieces more."""

    def __init__(self, port: int, to: int) -> None:
        self.port, self.to, self.delay_s, self.swallows, self.pieces_back = port, to, 0.0, False, float("inf")
        self._ear: socket.socket | None = None
        self._ends: list[socket.socket] = []

    def __enter__(self) -> "Gap":
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.shut()

    def open(self) -> None:
        ear = self._ear = socket.socket()
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.bind(("127.0.0.1", self.port))
        ear.listen()
        threading.Thread(target=self._take, args=(ear,), daemon=True).start()

    def shut(self) -> None:
        """Cuts all that goes through, and lets nothing new in."""
        ear, self._ear = self._ear, None
        if ear is not None:
            with suppress(OSError):
                ear.shutdown(socket.SHUT_RDWR)
            ear.close()
        ends, self._ends = self._ends, []
        for end in ends:
            _break(end)

    def _take(self, ear: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = ear.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.to))
                except OSError:
                    near.close()
                    continue
                self._ends += [near, far]
                for way in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._carry, args=way, daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket, is_back: bool) -> None:
        with suppress(OSError):
            while data := near.recv(CHUNK):
                time.sleep(self.delay_s)
                self.pieces_back -= is_back
                if not self.swallows and (not is_back or self.pieces_back >= 0):
                    far.sendall(data)
        _break(far)


def _break(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
