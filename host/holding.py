"""Flows that call a plugin more than once, or not at once: until they end, the version that they began with stays.

An event or a tool's call belongs to one version of each plugin, the one in its snapshot. When a newer version takes the
place of one that such a flow still needs, the older one serves it to the end.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from host.snapshot import CommandRoute, Route, ToolRoute


def hold(routes: "Iterable[Route | ToolRoute | CommandRoute]") -> None:
    """Keep the plugins of *routes*; each hold is ended by :func:`let_go`."""
    for route in routes:
        route.plugin.holds += 1


def let_go(routes: "Iterable[Route | ToolRoute | CommandRoute]") -> None:
    """End what :func:`hold` began."""
    for route in routes:
        route.plugin.let_go()


@contextmanager
def held(*routes: "Route | ToolRoute | CommandRoute") -> Iterator[None]:
    """Keep the plugins of *routes* for as long as this is open."""
    hold(routes)
    try:
        yield
    finally:
        let_go(routes)
