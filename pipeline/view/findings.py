"""Findings of `parkpulse doctor` as lines of text, in the language of whoever reads them.

>>> from pipeline.core.finding import phrase
>>> finding_line(Finding("h:1", phrase("{0} topics are there", 7)), Words("vi"))
'ok     h:1: đủ 7 chủ đề'
>>> finding_line(Finding("h:1", phrase("{0}", "the disk is full"), phrase("report this")), Words("en"))
'WRONG  h:1: the disk is full; report this'
"""

from datetime import timedelta

from pipeline.core.finding import Finding, Phrase, Value
from pipeline.view.finding_words import FINDINGS_VI
from pipeline.view.records import safe
from pipeline.view.sentences import sentence
from pipeline.view.words import Words

_LENGTHS = ((2 * 86_400, 86_400, "days"), (7_200, 3_600, "hours"), (120, 60, "minutes"))


def finding_line(finding: Finding, words: Words) -> str:
    """What others wrote is translated clause by clause, as far as it is known."""
    mark = words["finding_ok"] if finding.ok else words["finding_bad"]
    text = "; ".join(said(part, words) for part in (finding.what, finding.cure) if part is not None)
    return safe(f"{mark:<7}{finding.place}: {sentence(text, words) if finding.what.text == '{0}' else text}")


def said(part: Phrase, words: Words) -> str:
    template = part.text if words.language == "en" else FINDINGS_VI.get(part.text, part.text)
    return template.format(*(_value(value, words) for value in part.values))


def _value(value: Value, words: Words) -> str:
    if isinstance(value, timedelta):
        return length(value, words)
    return words.whole(value) if isinstance(value, int) else value


def length(span: timedelta, words: Words) -> str:
    """
    >>> [length(timedelta(seconds=s), Words("en")) for s in (0.25, 90, 300, 86_400, 172_800)]
    ['0.2 s', '90 s', '5 min', '24 h', '2 d']
    """
    seconds = span.total_seconds()
    for least, unit, name in _LENGTHS:
        if seconds >= least:
            return f"{words.whole(seconds // unit)} {words[name]}"
    return f"{words.decimal(seconds, 1)} s" if seconds < 10 else f"{words.whole(seconds)} s"
