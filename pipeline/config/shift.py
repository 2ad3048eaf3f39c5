"""`[[shifts]]` of park.toml: the calendar of planned work.

Rule: shifts are half-open in the park's time zone; one that ends at or before its begin ends the next day.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from pipeline.config.section import Name, Section

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def _clock_time(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError(f"unreadable time of day; got {text!r}; expected HH:MM from 00:00 to 23:59")
    return text


def _days(text: str) -> str:
    for part in text.split(","):
        ends = [day.strip() for day in part.split("-")]
        if len(ends) > 2 or not set(ends) <= set(DAYS):
            raise ValueError(f"unreadable days; got {text!r}; expected days like 'mon-sat' or 'mon,wed'")
    return text


ClockTime = Annotated[str, AfterValidator(_clock_time)]


class ShiftSection(Section):
    """One shift of the calendar."""

    name: Name = Field(description="Name of the shift.", examples=["morning"])
    begin: ClockTime = Field(alias="from", description="First moment, HH:MM.", examples=["06:00"])
    end: ClockTime = Field(alias="to", description="First moment after it, HH:MM.", examples=["14:00"])
    breaks: tuple[tuple[ClockTime, ClockTime], ...] = Field((), description="Breaks inside it: [begin, end] pairs.")
    days: Annotated[str, AfterValidator(_days)] = Field("mon-sun", description="Days on which it begins.")
