"""Factory lines, one file a kind: signals, states and counters of one trade, with their truth."""
