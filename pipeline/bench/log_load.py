"""The same samples on a log in two forms: frames as a gateway writes them, and JSON as anybody would.

Rule: JSON records hold the samples of one line in the batch form of the own family, keyed by the line; which samples
share a record is as the frames have it, or each has one of its own.
"""

from collections.abc import Iterable, Iterator

from pipeline.bench.loads import Load
from pipeline.core.frames import encode
from pipeline.core.ports import Log, Outgoing
from pipeline.steps.plan import Entry

FRAMES, JSON = "samples.v1", "json.v1"


def write(log: Log, load: Load, alone: bool) -> None:
    """Both forms, poll by poll; `alone`: each JSON record holds one sample."""
    writer = log.writer()
    for poll in load.polls:
        writer.write([Outgoing(FRAMES, entry.line.encode(), encode(entry.frame)) for entry in poll])
        writer.write(list(as_json(poll, alone)))
        writer.flush()
    writer.close()


def as_json(entries: Iterable[Entry], alone: bool) -> Iterator[Outgoing]:
    """
    >>> list(as_json([], True))
    []
    """
    for entry in entries:
        key, frame = entry.line.encode(), entry.frame
        names = [f"{name.unit}/{name.metric}" for name in frame.names]
        rows = zip(frame.t.tolist(), frame.index.tolist(), frame.v.tolist(), strict=True)
        texts = [f'{{"t":{t},"m":"{names[at]}","v":{v}}}' for t, at, v in rows]
        for text in texts if alone else [",".join(texts)]:
            yield Outgoing(JSON, key, f"[{text}]".encode())
