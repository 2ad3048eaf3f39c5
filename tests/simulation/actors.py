"""A role as the world sees it: it takes turns, may be killed at any step and comes back, or is held up while all others
go on.

Rule: a role that is killed leaves nothing but what its drivers had handed on.
"""

from pathlib import Path

from pipeline.core.errors import DiskTrouble, Unavailable

WRITING = {"before flush", "before save", "before commit"}
LOGGED = WRITING | {"before reading"}


class Killed(SystemExit):
    """The process is gone: no role keeps what ends it from doing so."""


class Actor:
    """`make(actor)` makes the role anew; `bury(actor)` tells the world what it left open."""

    def __init__(self, world, name, make, bury):
        self.world, self.name, self.make, self.bury = world, name, make, bury
        self.role, self.wanted, self.busy, self.back_at, self.reading = None, True, False, 0, 0
        self.dooms = []
        self.repeats = self.cut = False

    def turn(self):
        if self.busy or self.world.time.now < self.back_at:
            return
        try:
            if self.role is None:
                if not self.wanted:
                    return
                self.role = self.make(self)
            self.role.turn(0.0)
        except Killed:
            self.die()
        except Unavailable as error:
            self.back_at = self.world.time.now + int(error.retry_after * 1000)

    def leave(self):
        """A clean end."""
        self.wanted = False
        if self.role is None or self.busy:
            return
        try:
            self.role.close()
            self.role = None
        except Killed:
            self.die()
        except Unavailable:
            self.die()

    def cut_off(self, until):
        """Without power, whatever it was about to do."""
        self.back_at, self.cut = until, self.busy
        if not self.busy:
            self.die()

    def die(self):
        role, self.role, self.cut = self.role, None, False
        self.bury(self, role)

    def reach(self, step):
        """Called by the drivers at each step of the role."""
        world = self.world
        if step in LOGGED and world.is_away("log"):
            raise Unavailable("log: no answer", retry_after=1.0)
        if step in WRITING and world.is_away("disk"):
            raise DiskTrouble(Path("log"), "the disk is full", is_full=True)
        fault = next((fault for fault in self.dooms if fault.step == step), None)
        if fault is None or self.role is None:
            return
        self.dooms.remove(fault)
        world.happened(fault)
        if fault.kind.endswith("killed"):
            self.back_at = world.time.now + fault.lasts
            raise Killed
        if fault.kind == "zombie":
            world.expel(self.role.reader.instance)
        self.busy = True
        world.go_on_to(world.time.now + fault.lasts)
        self.busy = False
        if self.cut:
            raise Killed

    def torn(self, step, size):
        """How much of a flush gets through before the connection breaks, if it does."""
        fault = next((fault for fault in self.dooms if fault.step == step and size > 1), None)
        if fault is None:
            return None
        self.dooms.remove(fault)
        self.world.happened(fault)
        self.repeats = fault.kind == "flushed again"
        return self.world.dice.randrange(1, size)

    def is_away(self, what):
        return self.world.is_away(what)

    def has_read(self, records):
        self.reading += records
