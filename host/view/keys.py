"""Keys: their canonical names, which of them are text, and what a terminal sends for one.

A canonical name is lower case, with the modifiers in the order ``ctrl+alt+shift+`` and then one
character or one of :data:`ipc.ui.KEY_NAMES`: ``ctrl+k``, ``alt+enter``, ``shift+a`` for a typed ``A``.

Promises    :func:`read_key` of a canonical name is that name. Two keys never send the same
            data, so that what a component reads is the key that was pressed.
"""

from typing import Final

from host.errors import InputError
from ipc.ui import KEY_ALIASES, KEY_NAMES, MODIFIERS, RESERVED_KEYS

MAX_KEY: Final = 40
"""Characters of a key's name as anybody may write it."""

_NAMES: Final = {**{name: name for name in KEY_NAMES}, **dict(KEY_ALIASES)}
_RESERVED: Final = frozenset(RESERVED_KEYS)
_MODIFIER_WORDS: Final = {name: name for name in MODIFIERS} | {
    "control": "ctrl",
    "option": "alt",
}
_BITS: Final = {"shift": 1, "alt": 2, "ctrl": 4}
_SHIFT: Final = 1
_ALT: Final = 2
_CTRL: Final = 4

_FINAL: Final = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_FUNCTION_FINAL: Final = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
# fmt: off
_TILDE: Final = {
    "insert": 2, "delete": 3, "pageup": 5, "pagedown": 6, "f5": 15, "f6": 17, "f7": 18, "f8": 19,
    "f9": 20, "f10": 21, "f11": 23, "f12": 24,
}
_CODED: Final = {"enter": 13, "escape": 27, "tab": 9, "space": 32, "backspace": 127}
_CLASSIC: Final = {
    "enter": "\r", "escape": "\x1b", "tab": "\t", "space": " ", "backspace": "\x7f",
    "shift+tab": "\x1b[Z", "alt+enter": "\x1b\r", "alt+space": "\x1b ", "alt+backspace": "\x1b\x7f",
    "ctrl+space": "\x00", "ctrl+\\": "\x1c", "ctrl+]": "\x1d", "ctrl+-": "\x1f",
}
# fmt: on
# Without these: ctrl+h is a backspace, ctrl+i a tab, ctrl+j and ctrl+m an enter on a classic
# terminal, and ESC b, f, n, p are read as alt with an arrow by components.
_CTRL_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz") - frozenset("hijm")
_ALT_CHARACTERS: Final = frozenset("acdeghijklmoqrstuvwxyz0123456789")


def read_key(name: str) -> str:
    """Return the canonical name of the key that *name* means: ``"Ctrl+K"`` gives ``"ctrl+k"``.

    A single upper-case letter is that letter with shift. Raises :class:`InputError` for what is no key.
    """
    if not 0 < len(name) <= MAX_KEY:
        raise InputError(f"a key's name has 1 to {MAX_KEY} characters")
    # The last "+" may be the key itself: "+" and "ctrl++".
    *words, last = name[:-1].split("+") if name.endswith("+") else name.split("+")
    if name.endswith("+"):
        if last:
            raise InputError(f"not a key: {name!a}")
        last = "+"
    modifiers: set[str] = set()
    for word in words:
        modifier = _MODIFIER_WORDS.get(word.lower())
        if modifier is None or modifier in modifiers:
            raise InputError(
                f"not a key: {name!a}; modifiers are ctrl, alt and shift, each once"
            )
        modifiers.add(modifier)
    key = _one_character(last, modifiers) if len(last) == 1 else _NAMES.get(last.lower(), "")
    if not key:
        raise InputError(
            f"not a key: {name!a}; use a character or one of {', '.join(KEY_NAMES)}"
        )
    return "".join(f"{modifier}+" for modifier in MODIFIERS if modifier in modifiers) + key


def _one_character(character: str, modifiers: set[str]) -> str:
    """Return the key of *character*; a bare capital adds shift to *modifiers*."""
    if character == " ":
        return "space"
    if not character.isprintable() or character.isspace():
        return ""
    lower = character.lower()
    # Only letters with a plain pair: "ß", "İ" and their like stay what they are.
    if lower == character or len(lower) != 1 or lower.upper() != character:
        return character
    if not modifiers:
        modifiers.add("shift")
    return lower


def split(key: str) -> tuple[tuple[str, ...], str]:
    """Return the modifiers and the base of a canonical *key*: ``(("ctrl",), "k")``."""
    if key.endswith("+"):
        return tuple(word for word in key[:-1].split("+") if word), "+"
    *modifiers, base = key.split("+")
    return tuple(modifiers), base


def is_text(key: str) -> bool:
    """Whether the canonical *key* types something: a character, perhaps with shift."""
    modifiers, base = split(key)
    return len(base) == 1 and modifiers in ((), ("shift",))


def is_reserved(key: str) -> bool:
    """Whether the canonical *key* is never a plugin's to bind."""
    return key in _RESERVED or is_text(key)


def data_of(key: str) -> str:
    """Return what a terminal sends for the canonical *key*.

    The sequences of xterm where they are unambiguous, else the ``CSI u`` form of the kitty protocol.
    """
    classic = _CLASSIC.get(key)
    if classic is not None:
        return classic
    modifiers, base = split(key)
    bits = sum(_BITS[modifier] for modifier in modifiers)
    if base in _FINAL:
        return f"\x1b[1;{bits + 1}{_FINAL[base]}" if bits else f"\x1b[{_FINAL[base]}"
    if base in _FUNCTION_FINAL:
        final = _FUNCTION_FINAL[base]
        return f"\x1b[1;{bits + 1}{final}" if bits else f"\x1bO{final}"
    if base in _TILDE:
        return f"\x1b[{_TILDE[base]};{bits + 1}~" if bits else f"\x1b[{_TILDE[base]}~"
    if base in _CODED:
        return f"\x1b[{_CODED[base]};{bits + 1}u"
    return _character_data(base, bits)


def _character_data(base: str, bits: int) -> str:
    if bits == 0:
        return base
    if bits == _SHIFT and len(base.upper()) == 1 and base.upper() != base:
        return base.upper()
    if bits == _CTRL and base in _CTRL_LETTERS:
        return chr(ord(base) & 0x1F)
    if bits == _ALT and base in _ALT_CHARACTERS:
        return f"\x1b{base}"
    if bits == _CTRL | _ALT and base in _CTRL_LETTERS:
        return f"\x1b{chr(ord(base) & 0x1F)}"
    return f"\x1b[{ord(base)};{bits + 1}u"
