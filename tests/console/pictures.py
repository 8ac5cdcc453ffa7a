"""Pictures of screens, as tests keep them."""

import os
import re
from io import StringIO
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from tests.daemon.running import ROOT

TITLE: Final = "jcode-plugin tui"
_REMOTE_FONT: Final = re.compile(r"@font-face\s*\{[^}]*\}\s*")


def without_fonts(svg: str) -> str:
    """Return *svg* with no font that a reader's browser would ask another site for."""
    svg = _REMOTE_FONT.sub("", svg).replace("Fira Code, monospace", "monospace")
    assert "url(http" not in svg, "something of another site is left"
    return svg


def svg_of(ansi: str, columns: int) -> str:
    """Return a picture of a screen, whose rows are lines with colours, of *columns* columns."""
    console = Console(
        record=True,
        width=columns,
        file=StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    for line in ansi.removesuffix("\n").split("\n"):
        console.print(Text.from_ansi(line), no_wrap=True, crop=True, overflow="crop")
    return without_fonts(console.export_svg(title=TITLE))


def keep(name: str, svg: str) -> Path:
    """Write a picture to where those of tests are kept, ``JCODE_TEST_ARTEFACTS`` or ``build/screens``; return its path."""
    directory = Path(os.environ.get("JCODE_TEST_ARTEFACTS") or ROOT / "build" / "screens")
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.svg"
    path.write_text(svg)
    return path
