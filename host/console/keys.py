"""Keys: what Textual calls them, and what they are called everywhere else.

Promises    One table and one rule, so that a key that is pressed is the key that a plugin reads. A key that has no
            canonical name is nobody's but the console's.
Elsewhere   The canonical names, and what a terminal sends for them: ``host/view/keys.py``.
"""

from typing import Final

from textual import events
from textual.keys import key_to_character

from host.errors import InputError
from host.view.keys import read_key

# What Textual calls by a name of its own. Everything else it calls by its canonical name, by its character, or by
# the name that Unicode has for that.
_NAMES: Final = {
    "return": "enter",
    "newline": "enter",
    "ctrl+m": "enter",
    "ctrl+i": "tab",
    "ctrl+at": "ctrl+space",
    "ctrl+@": "ctrl+space",
    "ctrl+left_square_bracket": "escape",
    "ctrl+underscore": "ctrl+-",  # one and the same byte
    "f13": "shift+f1",
    "f14": "shift+f2",
    "f15": "shift+f3",
    "f16": "shift+f4",
    "f17": "shift+f5",
    "f18": "shift+f6",
    "f19": "shift+f7",
    "f20": "shift+f8",
    "f21": "shift+f9",
    "f22": "shift+f10",
    "f23": "shift+f11",
    "f24": "shift+f12",
}
_SIGNS: Final = {
    "plus": "+",
    "minus": "-",
    "slash": "/",
    "backslash": "\\",
    "at": "@",
    "underscore": "_",
}
"""Names of Textual's own for signs that Unicode calls otherwise."""
_MODIFIERS: Final = ("ctrl", "alt", "shift")

ALWAYS_THE_CONSOLES: Final = frozenset(
    {"f1", "f2", "f3", "f4", "f10", "f12", "ctrl+q", "ctrl+z"}
)
"""Never forwarded to a component of a plugin, by their canonical names."""


def canonical(event: events.Key) -> str | None:
    """Return the canonical name of a key that was pressed, or nothing if it has none."""
    key = _NAMES.get(event.key, event.key)
    *words, base = key.split("+")
    if any(word not in _MODIFIERS for word in words):
        return None  # super, hyper, meta: nobody's
    if len(base) > 1 and _read(base) is None:
        character = _SIGNS.get(base) or key_to_character(base)
        if character is None and not words and event.is_printable:
            character = (
                event.character
            )  # one that Unicode gave a name that Textual does not find
        if character is None:
            return None
        base = character
    named = "space" if base == " " else base
    return _read("+".join([*(word for word in _MODIFIERS if word in words), named]))


def _read(name: str) -> str | None:
    try:
        return read_key(name)
    except InputError:
        return None
