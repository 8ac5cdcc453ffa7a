"""The hostile plugins, and what each is to show that it was tried: files of their own, so that people can read and run them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "plugins"
_ATTACK: Final = "// Attack: "
_EXPECTED: Final = "// Expected: "


@dataclass(frozen=True)
class Row:
    """One file. ``attack`` and ``expected`` are its first two lines: what it does, and what must become of it."""

    name: str
    attack: str
    expected: str

    @property
    def path(self) -> Path:
        """Where it is."""
        return FOLDER / f"{self.name}.js"

    @property
    def is_of_text(self) -> bool:
        """Whether it puts one text everywhere."""
        return "everywhere(" in self.path.read_text()


def _read(path: Path) -> Row:
    attack, expected = path.read_text().splitlines()[:2]
    assert attack.startswith(_ATTACK), path
    assert expected.startswith(_EXPECTED), path
    return Row(path.stem, attack.removeprefix(_ATTACK), expected.removeprefix(_EXPECTED))


ROWS: Final = tuple(_read(path) for path in sorted(FOLDER.glob("*.js")))

DIE: Final = frozenset({"dialog_then_dies", "hang_at_keys", "hang_in_render", "memory", "spin"})
"""Whose worker is ended for what it does: killed for the time or the memory that it takes."""
HARMLESS: Final = frozenset(
    {"blanks", "emoji_widths", "html", "long_line", "markup", "surrogates", "wide_letters"}
)
"""Whose text a bare terminal would only show: it is meant for what draws in other ways, or for what counts columns."""
REFUSED: Final = frozenset({"bind_everything", "full_values", "thousand_long_items"})
"""Of whom the host does not show what they want, and says so in the audit."""
MAY_DIE: Final = frozenset({"poisoned_prototypes"})
"""Whose end is its own doing, or does not come."""

_TEXTS: Final = [row.name for row in ROWS if row.is_of_text]
CROWD: Final = (*(row.name for row in ROWS if not row.is_of_text), *_TEXTS[::4])
"""Those that run at once: every way of attacking, and of those that differ by their text alone a part."""
