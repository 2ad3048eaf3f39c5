"""`parkpulse topics ensure CONFIG`: the topics of Kafka, made where missing, verified where there.

Rule: nothing that is there is changed; what differs is said with the command that mends it, exit 2.
"""

from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.core.errors import ConfigError


def topics(
    action: Annotated[Literal["ensure"], typer.Argument(metavar="ensure", help="Create or verify.")],
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder (holds park.toml).")],
) -> None:
    """Create the topics of Kafka that are missing, and verify all."""
    from pipeline.config.read import read_config
    from pipeline.roles.start import TOPICS, open_kafka

    found = read_config(config)
    if found.log.kind != "kafka":
        raise ConfigError(
            f"park.toml: log.kind: no topics to make; got {found.log.kind!r}; expected 'kafka'; others make their own"
        )
    wanted = dict.fromkeys(TOPICS, found.log.partitions)
    with closing(open_kafka(found)) as log:
        log.ensure(wanted)
        if slips := log.verify(wanted):
            raise ConfigError(*slips)
    typer.echo(f"ok: {len(wanted)} topics of {found.log.partitions} partitions, and state.v1")
