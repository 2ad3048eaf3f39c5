"""Alarm rules, one file a kind: when a condition raises, and when it clears."""
