"""Detectors, one file a kind: they score samples; a rule decides what a score means."""
