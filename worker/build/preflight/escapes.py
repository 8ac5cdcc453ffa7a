"""Literals written in escapes. Read from the author's text: a compiler writes them out."""

import re
from bisect import bisect_right
from typing import Final

from worker.build.preflight.facts import MAX_FACTS, Fact

_ESCAPES: Final = re.compile(rb"(?:\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}){24,}")
_QUOTES: Final = b"\"'`"


def escaped_literals(source: bytes, tokens: list[int]) -> list[Fact]:
    """Return a fact for each long run of escapes inside a literal; *tokens* are the offsets of all tokens.

    In a comment it is none: there the token before it is not an open literal.
    """
    found = []
    for run in _ESCAPES.finditer(source):
        at = bisect_right(tokens, run.start()) - 1
        start = tokens[at] if at >= 0 else 0
        quote = source[start : start + 1]
        if quote and quote in _QUOTES and quote not in source[start + 1 : run.start()]:
            found.append(Fact("encoded-literal", start, run[0][:40].decode("ascii")))
        if len(found) >= MAX_FACTS:
            break
    return found
