"""Rule `silence`: a series of which no row in time has come for `after` of the line's running time.

Rules: an outage of the chain makes nobody silent (running time); a series never seen is not silent; one that the rule
has not heard counts from the rule's begin; the next row in time ends it. Its times are append times: those of the
newest row, plus `after` for the raise.
"""

from dataclasses import dataclass, replace

from pipeline.core.line_config import AlarmConfig
from pipeline.core.rule import Change, Memory, SeriesFeed


@dataclass(frozen=True, slots=True)
class Silence:
    after_ms: int

    @classmethod
    def of(cls, alarm: AlarmConfig) -> "Silence":
        return cls(alarm.after_ms)

    def clock(self, feed: SeriesFeed) -> int | None:
        """The log's own time: a silent source's clock stands, and must not keep its silence from being told."""
        return feed.append_ms

    def step(self, memory: Memory, feed: SeriesFeed) -> tuple[Memory, list[Change]]:
        known = [heard for heard in (feed.newest, memory.heard) if heard is not None]
        is_seen = feed.newest is not None or feed.clock_ms is not None
        if not known or not is_seen:
            return memory, []
        heard = max(known)
        changes: list[Change] = []
        if memory.active and heard != memory.heard:
            changes.append(Change(False, heard[1], 0, None, None))
            memory = replace(memory, active=False)
        if not memory.active and feed.running_ms - heard[0] >= self.after_ms:
            changes.append(Change(True, heard[1] + self.after_ms, 0, None, None))
            memory = replace(memory, active=True)
        return replace(memory, heard=heard), changes

    def say(self, metric: str, uom: str, change: Change) -> tuple[str, str]:
        if not change.active:
            return f"{metric} sends data again", f"{metric} đã gửi dữ liệu trở lại"
        seconds = f"{self.after_ms / 1000:.6g}"
        return (
            f"{metric} has sent no data for {seconds} s",
            f"{metric} không gửi dữ liệu trong {seconds.replace('.', ',')} s",
        )
