"""`[gateway.spool]` of park.toml: what a gateway keeps on its disk while a log over the network is away.

Rule: for such a log alone; the embedded one is on the same disk, and what it cannot take no file beside it can.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from pipeline.config.amounts import Duration, Size
from pipeline.config.log_section import LogSection
from pipeline.config.section import Section
from pipeline.config.slips import Slip


class SpoolSection(Section):
    """What waits on the gateway's disk while Kafka is away."""

    after: Duration = Field(
        5_000, ge=100, description="Kafka away for so long: what comes is kept in the spool, and acknowledged."
    )
    size: Size = Field(4 << 30, ge=1 << 20, description="So much is kept at most.")
    age: Duration = Field(
        7 * 86_400_000, ge=60_000, description="While Kafka is away nothing older than this is kept beside what comes."
    )
    policy: Literal["stop-acking", "drop-oldest"] = Field(
        "stop-acking",
        description="A spool that is full: stop-acking (what comes waits at the broker, nothing is lost) or "
        "drop-oldest (counted, and a gap in the ledger).",
    )
    drain: Size = Field(
        8 << 20, ge=64 << 10, description="So much a second goes from the spool to Kafka once it is back."
    )


def check_spool(spool: SpoolSection, log: LogSection) -> Iterator[Slip]:
    if log.kind != "kafka":
        for key in SpoolSection.model_fields:
            if getattr(spool, key) != getattr(SpoolSection(), key):
                what = f"for a log on Kafka; got log.kind {log.kind!r}, which needs no spool; remove it"
                yield Slip(("gateway", "spool", key), what)
