"""Waits for one MQTT socket or for a wake-up from another thread, in turns; reading can be left out (rule R4)."""

import contextlib
import selectors
import socket
import ssl


class Turns:
    """Owned by the network thread; only `wake` is for others."""

    def __init__(self) -> None:
        self._ear, self._bell = socket.socketpair()
        self._ear.setblocking(False)
        self._bell.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._watched: socket.socket | None = None
        self._events = 0

    def wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it will wake anyhow; closed: nobody is left to wake
            self._bell.send(b"x")

    def wait(self, sock: socket.socket | None, reading: bool, writing: bool, seconds: float) -> tuple[bool, bool]:
        """(readable, writable) after at most so many seconds."""
        events = (selectors.EVENT_READ if reading else 0) | (selectors.EVENT_WRITE if writing else 0)
        self._watch(sock, events)
        decrypted = reading and isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        found = selectors.EVENT_READ if decrypted else 0
        for key, ready in self._selector.select(0.0 if decrypted else seconds):
            if key.fileobj is self._ear:
                with contextlib.suppress(BlockingIOError):
                    self._ear.recv(4096)
            else:
                found |= ready
        return bool(found & selectors.EVENT_READ), bool(found & selectors.EVENT_WRITE)

    def forget(self) -> None:
        """Call before the watched socket may be closed or replaced: its number may be given to another."""
        if self._watched is not None and self._events:
            with contextlib.suppress(KeyError, ValueError, OSError):
                self._selector.unregister(self._watched)
        self._watched, self._events = None, 0

    def close(self) -> None:
        self.forget()
        self._selector.close()
        self._ear.close()
        self._bell.close()

    def _watch(self, sock: socket.socket | None, events: int) -> None:
        if sock is self._watched and events == self._events:
            return
        self.forget()
        if sock is not None and events:
            self._selector.register(sock, events)
        self._watched, self._events = sock, events
