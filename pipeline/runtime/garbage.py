"""How often a process with roles in it looks for garbage that reference counts do not free.

Why: a poll makes some hundred thousand small objects that live until its records are worked on. With Python's defaults
a search begins at every 700 new ones and finds nothing; it was a third of what a JSON record cost the worker.
"""

import gc

NEW, YOUNG, MIDDLE = 100_000, 20, 20  # new objects until a search, and searches until one that goes deeper


def search_seldom() -> None:
    gc.set_threshold(NEW, YOUNG, MIDDLE)
