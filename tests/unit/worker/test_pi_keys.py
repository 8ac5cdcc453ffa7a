"""What the host sends for a key is the key that pi's matchesKey finds in a worker."""

import json
from itertools import product
from string import ascii_lowercase, digits
from typing import Final

from host.view.keys import data_of, read_key
from ipc.ui import KEY_NAMES
from tests.unit.worker.js_support import as_list, evaluate

SYMBOLS: Final = "`-=[]\\;',./!@#$%^&*()_+|~{}:<>?"
MODIFIERS: Final = (
    "",
    "ctrl+",
    "alt+",
    "shift+",
    "ctrl+alt+",
    "ctrl+shift+",
    "alt+shift+",
    "ctrl+alt+shift+",
)
_ALSO: Final = {
    "enter": ["ctrl+m"],
    "tab": ["ctrl+i"],
    "escape": ["ctrl+["],
    "ctrl+-": ["ctrl+_"],
    "alt+enter": ["ctrl+alt+m"],
} | {f"shift+{symbol}": [symbol] for symbol in "-?[]_"}
ALL: Final = [
    modifiers + key
    for modifiers, key in product(MODIFIERS, (*KEY_NAMES, *ascii_lowercase, *digits, *SYMBOLS))
]


def test_every_key_is_found_by_its_name() -> None:
    """With all modifiers; the names are those of the host."""
    assert [read_key(name) for name in ALL] == ALL
    sent = json.dumps([[name, data_of(name)] for name in ALL])

    missed = evaluate(
        f"{sent}.filter(([name, data]) => !matchesKey(data, name)).map(([name]) => name)",
        "matchesKey",
    )
    assert missed == []


def test_no_key_is_found_by_the_name_of_another() -> None:
    """But for what terminals never told apart, and symbols: with Shift they are found without it, too, as people name them."""
    names = [
        modifiers + key
        for modifiers, key in product(
            ("", "ctrl+", "alt+", "shift+", "ctrl+alt+"),
            (
                "enter",
                "tab",
                "escape",
                "space",
                "backspace",
                "up",
                "left",
                "f1",
                *"bfhijmnp1-?[]_",
            ),
        )
    ]
    sent = json.dumps([[name, data_of(name)] for name in names])

    found = evaluate(
        f"(() => {{ const all = {sent}; return all.map(([name, data]) => [name, all.filter(([other]) => other !== name && matchesKey(data, other)).map(([other]) => other)]).filter(([, others]) => others.length > 0); }})()",
        "matchesKey",
    )
    assert {str(key): others for key, others in map(as_list, as_list(found))} == _ALSO


def test_what_types_is_typed() -> None:
    """A key with a character, and with Shift, arrives in a text as that character."""
    sent = [data_of(read_key(key)) for key in (*"aZ9?-", "space", "\u00e9", "\u53e4")]
    code = f"(() => {{ const input = new Input(); for (const data of {json.dumps(sent)}) input.handleInput(data); return [input.getValue()]; }})()"

    assert as_list(evaluate(code, "Input")) == ["aZ9?- \u00e9\u53e4"]
