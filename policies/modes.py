"""Which of two modes allows less, and a mode that is within both.

A mode decides two things: whether what a rule allows is asked about all the same (``interactive``), and what becomes
of what no rule speaks of. ``disabled`` is beneath them all: there, permissions do not count either.
"""

from typing import Final, Literal, TypeAlias, get_args

Mode: TypeAlias = Literal["strict", "prompt", "permissive", "disabled", "interactive"]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)
OLDER_MODES: Final[dict[str, Mode]] = {
    "all": "strict",
    "trusted": "permissive",
    "none": "disabled",
}
Default: TypeAlias = Literal["deny", "allow", "ask"]
Setting: TypeAlias = tuple[Mode | None, Default | None]
"""A mode and the ``global_default`` that takes the place of its fallback. No mode: to ask, where there is whom to ask."""

_RANK: Final[dict[Default, int]] = {"deny": 0, "ask": 1, "allow": 2}
_FALLBACK: Final[dict[Mode | None, Default]] = {
    "strict": "deny",
    "prompt": "ask",
    None: "ask",
    "interactive": "ask",
    "permissive": "allow",
    "disabled": "deny",
}


def read_mode(word: str) -> Mode | None:
    """Return the mode that *word* names, by its name or an older one; None if there is none."""
    known = OLDER_MODES.get(word, word)
    return next((mode for mode in MODES if mode == known), None)


def meet_modes(one: Setting, two: Setting) -> Setting:
    """Return *one* if it allows no more than *two*, else the loosest setting that is within both."""
    for setting in (one, two):
        if setting[0] == "disabled":
            return setting
    asks_one, fallback_one = _meaning(one)
    asks_two, fallback_two = _meaning(two)
    if asks_one >= asks_two and fallback_one <= fallback_two:
        return one
    if asks_two >= asks_one and fallback_two <= fallback_one:
        return two
    return (
        "interactive",
        "deny",
    )  # one asks about everything, the other denies what nothing allows


def _meaning(setting: Setting) -> tuple[bool, int]:
    mode, default = setting
    fallback = _RANK[default if default is not None else _FALLBACK[mode]]
    asks = mode == "interactive"
    return asks, min(fallback, _RANK["ask"]) if asks else fallback
