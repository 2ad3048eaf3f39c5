"""The rows of `codes` to paste, so that a state or mode which no table knows means something.

Rule: what is no more than a suggestion says so; where no name is near the row is a remark, for a person to fill in. A
bundled table that the new rows take the place of is written out, so that its codes still count.
"""

from collections.abc import Iterator

from pipeline.core.packml import CODE_TABLES, canonical_name, code_table
from pipeline.view.inbox import VALUES
from pipeline.view.inbox_found import Found
from pipeline.view.state_guess import codes_row, perhaps
from pipeline.view.words import Words


def codes_rows(found: Found, words: Words) -> Iterator[str]:
    role = "state" if found.guess is None else found.guess.role
    for code, name in found.codes.items() if _is_bundled(found, role) else ():
        yield codes_row(code, name)
    for text in dict.fromkeys(canonical_name(value) for value in found.values[:VALUES]):
        name = perhaps(text, role)
        where = f"parkpulse explain {role}s"
        if name:
            yield f"{codes_row(text, name)}  # {words.said('codes_suggested', where)}"
        else:
            yield f"# {codes_row(text, name)}  # {words.said('codes_unknown', where)}"


def _is_bundled(found: Found, role: str) -> bool:
    """Its codes are those of a table that the file or the pack names."""
    return any(code_table(name, of) == found.codes for name, of in CODE_TABLES if of == role)
