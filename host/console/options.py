"""How the console is to be: what the command line says, as one value."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from host.console.link import Place
from host.console.themes import ThemeName


@dataclass(frozen=True, slots=True)
class Options:
    """``attach``: the session pane draws for plugins, which then know that there is an interface. ``reader``: as a screen
    reader needs it. ``clock``: seconds that only go up, by which keys are taken or not."""

    place: Place
    theme: ThemeName = "dark"
    attach: bool = True
    reader: bool = False
    clock: Callable[[], float] = monotonic
