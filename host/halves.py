"""Whether a person looks at a workspace, and the TUI halves that run while one does.

Promises    A TUI half stands beside the server half that it belongs to, and comes and goes with it. None has a worker before
            the first interface is attached, nor for longer than ``LINGER_S`` after the last one went.
Elsewhere   What such a half is: ``tui_half.py``. Who attaches: ``host/view``.
"""

from typing import TYPE_CHECKING, Final

from host.plugin import Plugin
from host.plugin_spec import PluginSpec
from host.reactor import Timer, now_s
from host.tui_half import TuiHalf
from host.waits import Wait

if TYPE_CHECKING:
    from host.workspace import Workspace

LINGER_S: Final = 30.0
"""How long workers of TUI halves stay when nobody looks any more: who comes back at once finds everything as it was."""


def plugin_of(workspace: "Workspace", spec: PluginSpec) -> Plugin:
    """Return what runs as *spec* says: a server half, or the only half of a plugin of kind ``tui``."""
    return TuiHalf(workspace, spec) if spec.part == "tui" else Plugin(workspace, spec)


class Halves:
    """The TUI halves of one workspace that stand beside a server half."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace
        self._beside: dict[str, TuiHalf] = {}
        self.is_shown = False
        """Whether an interface is attached, or was a moment ago."""
        self._linger: Timer | None = None

    def beside(self) -> list[TuiHalf]:
        """Those that stand beside a server half, in no order that matters."""
        return list(self._beside.values())

    def of(self, name: str) -> TuiHalf | None:
        """Return the TUI half beside the server half of the plugin *name*, if it has one."""
        return self._beside.get(name)

    def show(self, is_shown: bool, linger_s: float = LINGER_S) -> None:
        """An interface was attached, or the last one went, *linger_s* seconds before workers end for it."""
        if self._workspace.is_closed:
            return
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        if is_shown:
            self._set(is_shown=True)
        elif self.is_shown:
            self._linger = self._workspace.runtime.reactor.at(now_s() + linger_s, self._on_left)

    def _on_left(self) -> None:
        self._linger = None
        self._set(is_shown=False)

    def _set(self, *, is_shown: bool) -> None:
        if self.is_shown == is_shown:
            return
        self.is_shown = is_shown
        for half in self._every():
            half.show(is_shown)
        self._workspace.publish()
        self._workspace.runtime.on_work()  # workers start, and nobody waits for them

    def _every(self) -> list[TuiHalf]:
        alone = (one for one in self._workspace.loaded() if isinstance(one, TuiHalf))
        return [*alone, *self._beside.values()]

    def make(self, server: Plugin, spec: PluginSpec) -> TuiHalf | None:
        """Return the TUI half of *spec* to stand beside *server*; None if it has none."""
        half = spec.tui_half()
        return None if half is None else TuiHalf(self._workspace, half, server)

    def load(self, server: Plugin, spec: PluginSpec) -> Wait[None]:
        """Have the TUI half of *spec* beside *server*, which is loaded; the result is there when it runs, or needs not.

        Nobody has to wait: what fails in it is noted by its instance, and told with the plugin.
        """
        half = self.make(server, spec)
        if half is None:
            nothing: Wait[None] = Wait()
            nothing.set(None)
            return nothing
        self._beside[half.name] = half
        started = half.start()
        self._workspace.publish()  # it is there, also while it needs no worker
        return started

    def replace(self, plugin: Plugin, new: TuiHalf | None) -> None:
        """Have *new* beside *plugin*, which has its place now: it was started, or is here."""
        if isinstance(plugin, TuiHalf):
            plugin.show(self.is_shown)  # somebody may have come or gone while it started
        old = self._beside.pop(plugin.name, None)
        if old is not None:
            if new is None:
                old.leave(self._workspace)
            else:
                self._workspace.runtime.replaced[old] = None
                new.replace(old)
        if new is not None:
            self._beside[new.name] = new
            if new.is_staged:
                new.take_place()
                new.show(self.is_shown)
            else:
                new.start()
        if old is not None:
            old.end_idle()

    def unload(self, name: str) -> None:
        """End the half of the plugin *name*."""
        half = self._beside.pop(name, None)
        if half is not None:
            half.leave(self._workspace)

    def close(self) -> None:
        """End all of them."""
        if self._linger is not None:
            self._linger.cancel()
        for name in list(self._beside):
            self.unload(name)
