"""When two names of plugins are one: what a person could take for the same.

Promises    Pure and total: every text has an identity, and equal identities mean "refuse the second". Nothing is ever
            looked up by an identity: rules, settings and data go by the exact name.
How         NFKC, without what is not shown, case folded, look-alikes replaced: the skeleton of UTS 39 for the letters
            that a name can have. The libraries that ship the whole table read megabytes of it from disk; a name is of
            ``[a-z0-9@/._-]``, and what else passes for one of those fits on a page.
"""

import unicodedata
from typing import Final

_LOOK_ALIKES: Final = {
    "-": "˗‐‒–⁃−➖Ⲻ",
    ".": "۰ꓸ꘎",
    "/": "᜵⁁⁄∕╱⟋⧸Ⳇ〳ノ㇓丿",
    "2": "ƧϨꙄꝚ",
    "3": "ƷȜЗӠⳌꝪꞫ",
    "4": "Ꮞ",
    "5": "Ƽ",
    "6": "бᏮⳒ",
    "8": "Ȣȣ",
    "9": "ⳊꝮ",
    "a": "ɑΑαАаᎪꓮ",
    "b": "ƄΒВЬᏏᏴꓐꞴ",
    "c": "СсᏟᴄⲤⲥꓚꮯ",
    "d": "ԁᎠᏧꓒꓓ",
    "e": "ΕЕеҽᎬꓰꬲ",
    "f": "ϜքẝꓝꞘꞙꬵ",
    "g": "ƍɡԌցᏀᏳᶃꓖ",
    "h": "ΗНһհᎻᏂⲎꓧ",
    "i": "ıɩɪιіӏᎥꙇꭵ",
    "j": "ͿϳЈјᎫꓙꞲ",
    "k": "ΚКᏦⲔꓗ",
    "l": "1|ƖǀΙІӀᏞⲒⳐꓡꓲ",
    "m": "ΜϺМᎷⲘꓟ",
    "n": "ΝոռⲚꓠ",
    "o": "0ΟοσОоՕօᴏᴑⲞⲟꓳꬽ",
    "p": "ΡρРрᏢⲢⲣꓑ",
    "q": "ԛգզ",
    "r": "ƦгᎡᏒᴦⲅꓣꭇꭈꮁ",
    "s": "ƽЅѕՏᏕᏚꓢꜱꮪ",
    "t": "ΤТᎢⲦꓔ",
    "u": "ʋυՍսᴜꓴꞟꭎꭒ",
    "v": "νѴѵᏙᴠꓦꮩ",
    "w": "ɯѡԜԝաᎳᏔᴡꓪꮃ",
    "x": "ΧХхⲬꓫꞳ",
    "y": "ɣʏΥγУуҮүᎩᎽᶌỿⲨꓬꭚ",
    "z": "ΖᏃᴢꓜꮓ",
}
"""By what they are taken for. NFKC and case folding have dealt with the others: ``Ｇ``, ``𝐠``, ``ⅼ``, ``K``."""

_TAKEN_FOR: Final = {seen: letter for letter, all_of in _LOOK_ALIKES.items() for seen in all_of}
_NOT_SHOWN: Final = frozenset({"Cf", "Cc", "Mn", "Me"})
_AS_TWO: Final = ("rn", "m")
"""Two letters that are read as one, as UTS 39 has it."""


def identity(name: str) -> str:
    """Return what *name* and every name that is taken for it have in common."""
    shown = unicodedata.normalize("NFKC", name)
    letters = (_letter(c) for c in shown if unicodedata.category(c) not in _NOT_SHOWN)
    return "".join(letters).replace(*_AS_TWO)


def _letter(character: str) -> str:
    folded = character.casefold()
    for one in (character, folded, character.upper()):
        if one in _TAKEN_FOR:
            return _TAKEN_FOR[one]
    return folded
