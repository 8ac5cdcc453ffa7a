"""What a person typed to see less: words, and ``name:value`` for a field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Filter:
    """``fields``: a value of each name must be one of these. ``words``: each is somewhere in the text, in any case."""

    fields: Mapping[str, frozenset[str]]
    words: tuple[str, ...]

    @classmethod
    def read(cls, text: str, names: frozenset[str]) -> Self:
        """Return what *text* says; *names* are the fields that there are, and what is no field is a word."""
        fields: dict[str, frozenset[str]] = {}
        words: list[str] = []
        for part in text.casefold().split():
            name, colon, value = part.partition(":")
            if colon and value and name in names:
                fields[name] = fields.get(name, frozenset()) | {value}
            else:
                words.append(part)
        return cls(fields, tuple(words))

    def holds(self, fields: Mapping[str, str], text: str) -> bool:
        """Whether something with these *fields* and this *text* is seen."""
        if any(
            fields.get(name, "").casefold() not in wanted
            for name, wanted in self.fields.items()
        ):
            return False
        if not self.words:
            return True
        folded = text.casefold()
        return all(word in folded for word in self.words)
