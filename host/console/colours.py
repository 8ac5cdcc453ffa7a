"""The colours that plugins may name, for each theme of the console.

Promises    Every name of ``ipc.ui.THEME_COLORS`` has a colour in the dark and the light theme, and none in the plain one.
Elsewhere   The colours of the console's own lines: ``themes.py``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# fmt: off
_ROWS: Final[tuple[tuple[str, str, str], ...]] = (
    # name, on dark, on light: of the 256 colours, for terminals that have no more.
    ("accent", "#87d7d7", "#005f87"), ("border", "#5f87af", "#5f87af"),
    ("borderAccent", "#00d7ff", "#005faf"), ("borderMuted", "#585858", "#b2b2b2"),
    ("success", "#afd787", "#005f00"), ("error", "#d75f5f", "#af0000"),
    ("warning", "#ffd75f", "#875f00"), ("muted", "#808080", "#6c6c6c"), ("dim", "#6c6c6c", "#767676"),
    ("text", "", ""), ("thinkingText", "#8a8a8a", "#6c6c6c"), ("userMessageText", "", ""),
    ("customMessageText", "", ""), ("customMessageLabel", "#af87ff", "#5f00af"),
    ("toolTitle", "", ""), ("toolOutput", "#8a8a8a", "#6c6c6c"), ("mdHeading", "#ffd75f", "#875f00"),
    ("mdLink", "#5fafd7", "#005f87"), ("mdLinkUrl", "#808080", "#6c6c6c"),
    ("mdCode", "#87d7d7", "#005f87"), ("mdCodeBlock", "#afd787", "#005f00"),
    ("mdCodeBlockBorder", "#808080", "#6c6c6c"), ("mdQuote", "#808080", "#6c6c6c"),
    ("mdQuoteBorder", "#808080", "#6c6c6c"), ("mdHr", "#808080", "#6c6c6c"),
    ("mdListBullet", "#87d7d7", "#005f00"), ("toolDiffAdded", "#afd787", "#005f00"),
    ("toolDiffRemoved", "#d75f5f", "#af0000"), ("toolDiffContext", "#808080", "#6c6c6c"),
    ("syntaxComment", "#87af5f", "#005f00"), ("syntaxKeyword", "#5f87d7", "#0000d7"),
    ("syntaxFunction", "#d7d7af", "#875f00"), ("syntaxVariable", "#87d7ff", "#005f87"),
    ("syntaxString", "#d7875f", "#af0000"), ("syntaxNumber", "#afd7af", "#005f5f"),
    ("syntaxType", "#5fd7af", "#005f5f"), ("syntaxOperator", "#d0d0d0", "#303030"),
    ("syntaxPunctuation", "#d0d0d0", "#303030"), ("thinkingOff", "#585858", "#b2b2b2"),
    ("thinkingMinimal", "#6c6c6c", "#767676"), ("thinkingLow", "#5f87af", "#005f87"),
    ("thinkingMedium", "#87afd7", "#005faf"), ("thinkingHigh", "#af87d7", "#87005f"),
    ("thinkingXhigh", "#d787ff", "#870087"), ("bashMode", "#afd787", "#005f00"),
    ("selectedBg", "#3a3a4e", "#d0d0e0"), ("userMessageBg", "#303030", "#e4e4e4"),
    ("customMessageBg", "#2d2838", "#ede7f6"), ("toolPendingBg", "#262632", "#e8e8f0"),
    ("toolSuccessBg", "#263226", "#e8f0e8"), ("toolErrorBg", "#3a2626", "#f0e8e8"),
)
# fmt: on

COLOURS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "dark": MappingProxyType({name: dark for name, dark, _ in _ROWS}),
        "light": MappingProxyType({name: light for name, _, light in _ROWS}),
        "plain": MappingProxyType({name: "" for name, _, _ in _ROWS}),
    }
)
"""By theme and name, ``#rrggbb``; an empty one is the terminal's own."""
