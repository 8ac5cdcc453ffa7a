"""Names of keys: one canonical form, which of them nobody may bind, and what a terminal sends."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import InputError
from host.view.keys import data_of, is_reserved, is_text, read_key, split
from ipc.ui import KEY_NAMES, MODIFIERS, RESERVED_KEYS

CHARACTERS = [chr(code) for code in range(0x21, 0x7F) if not chr(code).isupper()] + [
    "é",
    "д",
    "한",
]
COMBINATIONS = [
    "".join(f"{modifier}+" for modifier in chosen)
    for size in range(len(MODIFIERS) + 1)
    for chosen in itertools.combinations(MODIFIERS, size)
]
KEYS = [modifiers + base for modifiers in COMBINATIONS for base in (*KEY_NAMES, *CHARACTERS)]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Ctrl+K", "ctrl+k"),
        ("Alt+Enter", "alt+enter"),
        ("return", "enter"),
        ("Esc", "escape"),
        ("shift+ctrl+p", "ctrl+shift+p"),
        ("SHIFT+ALT+CTRL+PageUp", "ctrl+alt+shift+pageup"),
        ("control+x", "ctrl+x"),
        ("K", "shift+k"),
        ("ctrl+shift+K", "ctrl+shift+k"),
        ("Ä", "shift+ä"),
        ("ß", "ß"),
        ("İ", "İ"),
        ("+", "+"),
        ("ctrl++", "ctrl++"),
        ("ctrl+-", "ctrl+-"),
        (" ", "space"),
        ("?", "?"),
        ("F12", "f12"),
    ],
)
def test_a_key_has_one_name(written: str, key: str) -> None:
    """However it is written."""
    assert read_key(written) == key


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ctrl",
        "ctrl+",
        "+a",
        "a+b",
        "ctrl+ctrl+a",
        "super+k",
        "hyper",
        "ab",
        "ctrl+\x1b",
        "\x1b",
        "\n",
        "ctrl+ab",
        "f13",
        "\u202e",
        "\ud800",
        "ctrl+\u200b",
        "\u00a0",
        "a++",
        "++",
        "+ctrl+a",
        "ctrl++k",
        "x" * 41,
    ],
)
def test_what_is_no_key_is_refused(written: str) -> None:
    """With an error of its caller, in one printable line."""
    with pytest.raises(InputError) as failed:
        read_key(written)

    assert str(failed.value).isprintable()


@pytest.mark.parametrize("key", KEYS)
def test_a_canonical_name_is_its_own_name(key: str) -> None:
    """And is put together again from its parts."""
    assert read_key(key) == key
    modifiers, base = split(key)
    assert "".join(f"{modifier}+" for modifier in modifiers) + base == key


def test_no_two_keys_send_the_same() -> None:
    """A component always knows which key was pressed."""
    sent = {data_of(key): key for key in KEYS}

    assert len(sent) == len(KEYS)
    assert all(data for data in sent)


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("ctrl+k", "\x0b"),
        ("enter", "\r"),
        ("shift+tab", "\x1b[Z"),
        ("up", "\x1b[A"),
        ("ctrl+left", "\x1b[1;5D"),
        ("shift+delete", "\x1b[3;2~"),
        ("f1", "\x1bOP"),
        ("f5", "\x1b[15~"),
        ("shift+k", "K"),
        ("alt+d", "\x1bd"),
        ("alt+b", "\x1b[98;3u"),
        ("ctrl+m", "\x1b[109;5u"),
        ("ctrl+alt+x", "\x1b\x18"),
        ("?", "?"),
    ],
)
def test_keys_send_what_terminals_send(key: str, data: str) -> None:
    """In the classic form where it is not also something else's."""
    assert data_of(key) == data


def test_text_and_the_keys_of_the_interface_cannot_be_bound() -> None:
    """Everything a person types, and every way out."""
    assert all(is_reserved(key) for key in RESERVED_KEYS)
    assert all(is_reserved(key) for key in ("a", "shift+a", "?", "é", "+"))
    assert [key for key in RESERVED_KEYS if read_key(key) != key] == []

    assert not any(is_reserved(key) for key in ("ctrl+k", "alt+a", "f5", "alt+enter", "ctrl++"))
    assert not is_text("space")
    assert is_text("shift+a")


@given(st.text(max_size=50))
def test_any_text_is_a_key_or_an_error(written: str) -> None:
    """Never another exception, and never a name that is not canonical."""
    try:
        key = read_key(written)
    except InputError:
        return
    assert read_key(key) == key
    assert data_of(key)
