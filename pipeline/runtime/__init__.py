"""The shells around the pure steps: the loop, the clock, and what operators of the process see of it."""
