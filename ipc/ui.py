"""What an interface is made of by name, as the host and the runtime in a worker both call it.

Promises    A colour keeps its place in :data:`THEME_COLORS`: new ones are added at the end, so that
            a number on the wire never changes its meaning.
Elsewhere   Which values an area may hold: ``host/view``. What a key sends: ``host/view/keys.py``.
"""

from typing import Final

# fmt: off
THEME_COLORS: Final[tuple[str, ...]] = (
    # Foregrounds.
    "accent", "border", "borderAccent", "borderMuted", "success", "error", "warning", "muted",
    "dim", "text", "thinkingText", "userMessageText", "customMessageText", "customMessageLabel",
    "toolTitle", "toolOutput", "mdHeading", "mdLink", "mdLinkUrl", "mdCode", "mdCodeBlock",
    "mdCodeBlockBorder", "mdQuote", "mdQuoteBorder", "mdHr", "mdListBullet", "toolDiffAdded",
    "toolDiffRemoved", "toolDiffContext", "syntaxComment", "syntaxKeyword", "syntaxFunction",
    "syntaxVariable", "syntaxString", "syntaxNumber", "syntaxType", "syntaxOperator",
    "syntaxPunctuation", "thinkingOff", "thinkingMinimal", "thinkingLow", "thinkingMedium",
    "thinkingHigh", "thinkingXhigh", "bashMode",
    # Backgrounds.
    "selectedBg", "userMessageBg", "customMessageBg", "toolPendingBg", "toolSuccessBg",
    "toolErrorBg",
)
"""The colours a theme names, in pi's words. Number *n* crosses as ``ESC[38;6;nm`` or ``ESC[48;6;nm``."""
# fmt: on

SLOTS: Final[tuple[str, ...]] = ("Sidebar", "StatusBar", "Overlay", "Header", "Footer")
"""The places a plugin may fill; the key of an entry is ``PLACE/ID``."""

ARROWS: Final[tuple[str, ...]] = ("up", "down", "left", "right")

KEY_NAMES: Final[tuple[str, ...]] = (
    "enter",
    "escape",
    "tab",
    "space",
    "backspace",
    "delete",
    "insert",
    "home",
    "end",
    "pageup",
    "pagedown",
    *ARROWS,
    *(f"f{number}" for number in range(1, 13)),
)
"""The keys that have a name; every other key is called by its character."""

KEY_ALIASES: Final[tuple[tuple[str, str], ...]] = (
    ("return", "enter"),
    ("esc", "escape"),
    ("del", "delete"),
    ("ins", "insert"),
)

MODIFIERS: Final[tuple[str, ...]] = ("ctrl", "alt", "shift")
"""In the order in which a canonical name has them."""

RESERVED_KEYS: Final[tuple[str, ...]] = (
    "ctrl+c",
    "ctrl+q",
    "ctrl+z",
    "ctrl+d",
    "ctrl+p",
    "f1",
    "f2",
    "f3",
    "f4",
    "f10",
    "f12",
    "escape",
    "enter",
    "tab",
    "shift+tab",
    "space",
    "shift+space",
    "backspace",
    *ARROWS,
    # What a terminal without a keyboard protocol sends for escape, tab and enter.
    "ctrl+[",
    "ctrl+i",
    "ctrl+j",
    "ctrl+m",
)
"""Never a plugin's to bind; neither is a character by itself, which is text."""

OPERATOR_KEYS: Final[tuple[str, ...]] = ("f2", "f12")
"""Not even for an open component: approvals, and the way out of what a plugin shows."""

SEVERITIES: Final[tuple[str, ...]] = ("info", "success", "warning", "error")

WRITABLE_AREAS: Final[tuple[str, ...]] = (
    "status",
    "widget",
    "slot",
    "title",
    "session_name",
    "working",
    "editor",
    "theme",
    "keymap",
    "route",
    "frame",
)
"""The areas of the view that a worker may write with ``ui.set``."""
