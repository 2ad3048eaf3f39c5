"""Starts the real services as plain processes on loopback, for tests and for `parkpulse services`."""
