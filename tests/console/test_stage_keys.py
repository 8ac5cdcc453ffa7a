"""Keys as Textual names them, and as everything else does."""

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from host.console.keys import ALWAYS_THE_CONSOLES, canonical
from host.view.keys import data_of, read_key
from ipc.ui import KEY_NAMES

UNREAD = ("escape", "shift+f3", "ctrl+f3")
"""An escape alone is read only after a pause; the others look like the answer to where the cursor is."""


@pytest.mark.parametrize(
    ("textual", "character", "name"),
    [
        ("a", "a", "a"),
        ("A", "A", "shift+a"),
        ("plus", "+", "+"),
        ("minus", "-", "-"),
        ("slash", "/", "/"),
        ("at", "@", "@"),
        ("question_mark", "?", "?"),
        ("left_square_bracket", "[", "["),
        ("space", " ", "space"),
        ("enter", "\r", "enter"),
        ("ctrl+k", "\x0b", "ctrl+k"),
        ("ctrl+at", None, "ctrl+space"),
        ("ctrl+shift+p", None, "ctrl+shift+p"),
        ("alt+enter", None, "alt+enter"),
        ("alt+ctrl+x", None, "ctrl+alt+x"),
        ("shift+f3", None, "shift+f3"),
        ("f15", None, "shift+f3"),
        ("ö", "ö", "ö"),
        ("super+a", None, None),
        ("media_play", None, None),
        ("<ignore>", None, None),
        ("", None, None),
    ],
)
def test_the_table(textual: str, character: str | None, name: str | None) -> None:
    """One row for each way in which the names differ."""
    assert canonical(events.Key(textual, character)) == name


def pressed(data: str) -> list[events.Key]:
    """What Textual makes of what a terminal sends."""
    parser = XTermParser()
    found = [*parser.feed(data), *parser.feed("")]
    return [event for event in found if isinstance(event, events.Key)]


@pytest.mark.parametrize(
    "name",
    [
        *(
            f"{modifier}{key}"
            for modifier in ("", "shift+", "ctrl+")
            for key in KEY_NAMES
            if f"{modifier}{key}" not in UNREAD
        ),
        *(f"ctrl+{letter}" for letter in "abcdefgklnopqrstuvwxyz"),
        *"abz019+-/[]?@_~é漢",
        "shift+a",
        "alt+x",
    ],
)
def test_a_key_comes_out_as_it_was_named(name: str) -> None:
    """What a terminal sends for a name is read by Textual and given back that name."""
    sent = data_of(read_key(name))
    keys = [canonical(event) for event in pressed(sent)]

    assert keys == [name]


def test_the_consoles_keys_are_canonical() -> None:
    """Else one of them would go to a plugin."""
    assert {read_key(key) for key in ALWAYS_THE_CONSOLES} == ALWAYS_THE_CONSOLES
