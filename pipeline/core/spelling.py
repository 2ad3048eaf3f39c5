"""What an operator meant: one sentence for a word we do not know, wherever words have a fixed list.

Rule: the list of known words is always in the answer, so that nobody needs the source.

>>> unknown("kind", "limt", ["silence", "limit"])
"unknown kind 'limt'; known kinds: limit, silence; did you mean 'limit'?"
"""

from collections.abc import Iterable
from difflib import get_close_matches


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """The sentence; `what` is the singular noun of the list."""
    words = sorted(set(known))
    sentence = f"unknown {what} {word!r}; known {what}s: {', '.join(words) or 'none'}"
    near = get_close_matches(word.casefold(), words, n=1, cutoff=0.5)
    return f"{sentence}; did you mean {near[0]!r}?" if near else sentence
