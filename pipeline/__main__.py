"""`python -m pipeline` is the command `parkpulse`."""

from pipeline.cli.app import main

main()
