"""How the console is to be: what the command line says, as one value."""

from dataclasses import dataclass

from host.console.link import Place
from host.console.themes import ThemeName


@dataclass(frozen=True, slots=True)
class Options:
    """``attach``: the session pane draws for plugins, which then know that there is an interface. ``reader``: as a screen
    reader needs it."""

    place: Place
    theme: ThemeName = "dark"
    attach: bool = True
    reader: bool = False
