"""``tui``: the operator's console at a terminal."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from host.errors import InputError

if TYPE_CHECKING:
    from host.console.themes import ThemeName


def run_tui(
    project: Path | None, theme: "ThemeName | None", *, attach: bool, reader: bool
) -> int:
    """Run the console for *project*, or the current directory; return the exit code."""
    if find_spec("textual") is None:
        raise InputError(
            'the console needs the package textual: pip install "jcode-plugins[tui]"'
        )
    directory = project.absolute() if project is not None else Path.cwd()
    if not directory.is_dir():
        raise InputError(f"{directory} is no directory")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(
            "the console needs a terminal; see jcode-plugin top --json for programs"
        )
    if os.environ.get("TERM") == "dumb":
        raise InputError(
            "the console needs a terminal that places its cursor, and TERM is dumb; jcode-plugin approve needs none"
        )
    if theme is None:
        theme = "plain" if os.environ.get("NO_COLOR") else "dark"
    from host.console.app import Console
    from host.console.link import Place
    from host.console.options import Options

    place = Place(os.environ, directory)
    console = Console(Options(place, theme, attach=attach, reader=reader))
    console.run()
    return console.return_code or 0
