"""Wire formats without IO: bytes to samples, results to bytes; bad bytes become rejects, never errors."""
