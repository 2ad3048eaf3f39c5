"""Everything that touches a socket or a file, each behind a port of `pipeline.core.ports`."""
