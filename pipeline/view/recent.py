"""The newest part of a topic: from a time of append on, to what was its end at the begin.

Rule: it looks on; the first record is found by halving, so that a long log costs no more than a short one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.core.ports import Reader, Record

Span = tuple[int, int]  # offsets of one partition


@dataclass(slots=True)
class Recent:
    """`spans` by partition, `period` of append times; None where nothing is."""

    reader: Reader
    spans: dict[int, Span]
    period: tuple[int, int] | None

    @property
    def total(self) -> int:
        return sum(end - first for first, end in self.spans.values())

    def polls(self) -> Iterator[list[Record]]:
        """Every record of the spans, a poll at a time. Also an empty poll counts: a day may be dropped meanwhile."""
        left = dict(self.spans)
        for partition, (first, end) in _everywhere(self.reader, self.spans).items():
            self.reader.seek(partition, first)
            if first >= end:
                left.pop(partition, None)
        while left:
            records = self.reader.poll(0.0)
            if not records:
                return
            for record in records:
                if record.partition in left and record.offset + 1 >= left[record.partition][1]:
                    del left[record.partition]
            yield [one for one in records if one.offset < self.spans.get(one.partition, (0, 0))[1]]


def recent(reader: Reader, back_ms: int) -> Recent:
    """The newest `back_ms` of append time of all partitions together, or all where the log is younger."""
    ends = {partition: reader.end_offset(partition) for partition in reader.partitions}
    spans = {partition: (reader.first_offset(partition), end) for partition, end in ends.items()}
    newest = [time for n, (first, end) in spans.items() if end > first and (time := _time(reader, ends, n, end - 1))]
    if not newest:
        return Recent(reader, {}, None)
    since = max(newest) - back_ms
    spans = {n: (_first_since(reader, ends, n, span, since), span[1]) for n, span in spans.items()}
    begins = [time for n, (first, end) in spans.items() if end > first and (time := _time(reader, ends, n, first))]
    return Recent(reader, spans, (min(begins, default=since), max(newest)))


def _first_since(reader: Reader, ends: dict[int, int], partition: int, span: Span, since: int) -> int:
    low, high = span
    while low < high:
        middle = (low + high) // 2
        time = _time(reader, ends, partition, middle)
        if time is None or time >= since:
            high = middle
        else:
            low = middle + 1
    return low


def _time(reader: Reader, ends: dict[int, int], partition: int, offset: int) -> int | None:
    """Append time of the first record at or behind this offset; the other partitions stand at their ends."""
    for other, end in ends.items():
        reader.seek(other, offset if other == partition else end)
    found = reader.poll(0.0, 1)
    return next((record.append_ms for record in found if record.partition == partition), None)


def _everywhere(reader: Reader, spans: dict[int, Span]) -> dict[int, Span]:
    """A partition without a span is read from its end."""
    ends = {partition: (reader.end_offset(partition),) * 2 for partition in reader.partitions}
    return {partition: spans.get(partition, end) for partition, end in ends.items()}
