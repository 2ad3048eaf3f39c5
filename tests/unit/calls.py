"""How many calls a piece of code makes: a measure of its loops that no other process disturbs."""

import sys


def calls_of(run):
    made = 0

    def seen(frame, event, what):
        nonlocal made
        made += event in {"call", "c_call"}

    sys.setprofile(seen)
    try:
        run()
    finally:
        sys.setprofile(None)
    return made
