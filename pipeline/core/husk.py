"""What is left of a record of samples.v1 whose rows, or whose body, are skipped: its header.

Rule: its rows count as rejects that it declares, so that the ledger closes and its number leaves no hole; its times
move the line on as those of any heartbeat do.
"""

from pipeline.core.frames import Frame, Kind, decode, encode


def husk(value: bytes) -> tuple[bytes, int]:
    """The record without them, and how many rows it had; FrameError where it is no frame."""
    frame = decode(value)
    left = Frame(
        Kind.HEARTBEAT, frame.flags, frame.rejects + len(frame), frame.ingest_ms, frame.gateway, frame.boot,
        frame.number, frame.total_rows, frame.total_rejects,
    )  # fmt: skip
    return encode(left), len(frame)
