"""The command `parkpulse`: one verb a file; the only package that prints, reads argv, or exits."""

from pipeline.cli.app import main

__all__ = ["main"]
