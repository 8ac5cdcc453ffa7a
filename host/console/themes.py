"""How the console looks: dark, light, and plain, which has no colour at all.

Promises    No state is told by colour alone: it is also a word. With the plain theme not one colour is written to the
            terminal, whatever a widget or a plugin styles; what is chosen is shown reversed, what matters bold.
"""

from typing import Final, Literal

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

ThemeName = Literal["dark", "light", "plain"]
THEMES: Final[tuple[ThemeName, ...]] = ("dark", "light", "plain")

_DARK: Final = Theme(
    name="dark",
    primary="#5f87af",
    secondary="#5f8787",
    accent="#d7af5f",
    warning="#d7af5f",
    error="#d75f5f",
    success="#87af5f",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    dark=True,
)
_LIGHT: Final = Theme(
    name="light",
    primary="#005f87",
    secondary="#005f5f",
    accent="#875f00",
    warning="#875f00",
    error="#af0000",
    success="#005f00",
    foreground="#1c1c1c",
    background="#eeeeee",
    surface="#e4e4e4",
    panel="#dadada",
    dark=False,
)
# Every colour below is dropped before it is written; the text styles are what is seen.
_PLAIN: Final = Theme(
    name="plain",
    primary="#ffffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
    variables={
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-text-style": "underline",
        "input-cursor-text-style": "reverse",
        "input-selection-text-style": "reverse",
        "button-focus-text-style": "reverse",
    },
)
# The colours of 256-colour terminals: ssh and tmux often have no more, and rounding would blur them.


def all_themes() -> tuple[Theme, ...]:
    """Return the themes of the console, for Textual."""
    return (_DARK, _LIGHT, _PLAIN)


class WithoutColor(LineFilter):
    """Takes every colour out of what is written."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """See :class:`textual.filter.LineFilter`."""
        return [
            Segment(text, style.without_color if style is not None else None, control)
            for text, style, control in segments
        ]
