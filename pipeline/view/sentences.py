"""What other parts say in English, in the language of whoever reads it: trouble, failures, lines of the log.

Rule: only clauses that are in the table change; names, paths, numbers and what others said stay as they are.

>>> sentence("x.sqlite: the disk is full (ENOSPC)", Words("vi")), sentence("nobody listens there", Words("en"))
('x.sqlite: ổ đĩa đã đầy (ENOSPC)', 'nobody listens there')
"""

import re
from functools import partial

from structlog.typing import EventDict

from pipeline.view.sentence_words import EVENTS, KEYS, SENTENCES
from pipeline.view.words import Words

_CLAUSES = [
    (re.compile(re.escape(english).replace(r"\{\}", "(.+?)")), vietnamese.replace("{}", "\0"))
    for english, vietnamese in SENTENCES
]


def sentence(text: str, words: Words) -> str:
    if words.language == "en":
        return text
    for clause, vietnamese in _CLAUSES:
        text = clause.sub(partial(_filled, vietnamese), text)
    return text


def _filled(said: str, found: re.Match[str]) -> str:
    for value in found.groups():
        said = said.replace("\0", value, 1)
    return said


def log_line(fields: EventDict, words: Words) -> EventDict:
    """The fields of a line of the log, for a person at a terminal."""
    if words.language == "en":
        return fields
    event = fields.get("event")
    said = {name: sentence(value, words) if isinstance(value, str) else value for name, value in fields.items()}
    if isinstance(event, str):
        said["event"] = EVENTS.get(event) or sentence(event, words)
    return {KEYS.get(name, name): value for name, value in said.items()}
