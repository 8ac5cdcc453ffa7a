"""The half of a plugin that runs while a person looks: a worker and a realm of its own, beside the server half's.

Promises    It has a worker only while an interface is attached to its workspace, and for a while after. It answers no event:
            it hears of them after the fact, and whatever it does delays and changes nothing. What it registers counts
            while it runs; tools and providers are not its to offer. With its server half it has one name, one
            configuration, one store and one quota; a failure of one does not touch the other.
Elsewhere   Whether an interface is attached: ``halves.py``. How events come to it: ``forwarding.py``.
"""

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from host.audit import printable
from host.errors import PluginLoadError
from host.events import ENDS_SESSION, PluginEvent
from host.instance import Instance, State
from host.plugin import Plugin
from host.plugin_spec import PluginSpec
from host.reactor import now_s
from host.registry import EMPTY, Registry
from host.waits import Wait

if TYPE_CHECKING:
    from host.workspace import Workspace

NO_INTERFACE: Final = "no interface is attached"
LAST_WORDS_S: Final = 2.0
"""What a session's own worker has to take in that its session ended."""
MAX_LEAVING: Final = 8
"""Workers that may have it at a time: sessions that begin and end without pause are no way to many workers."""
_MAX_TOLD: Final = 5

_logger = logging.getLogger("jcode_plugins")


class TuiHalf(Plugin):
    """See the module's text. *server* is the half beside it, None for a plugin of kind ``tui``."""

    def __init__(
        self, workspace: "Workspace", spec: PluginSpec, server: Plugin | None = None
    ) -> None:
        super().__init__(workspace, spec)
        self.resting = NO_INTERFACE
        self._leaving: list[Instance] = []
        if self.scope == "global":
            self.scope = "project"  # a person looks at one project
        if server is not None:
            self.quota, self.asked = server.quota, server.asked
            self.sent_messages, self.updates = server.sent_messages, server.updates
            if server.scope != "global":
                self.shown = server.shown
            self.is_beside = True

    # Whether it runs.

    def start(self) -> Wait[None]:
        """Get ready; a worker starts if somebody looks. The result is there when it has registered what it offers."""
        self.take_secrets()
        self.loaded.set(None)
        self.show(self.workspace.halves.is_shown)
        return self.loaded

    def show(self, is_shown: bool) -> None:
        """Run, or rest, as *is_shown* says."""
        if is_shown and self.resting is not None:
            self._wake()
        elif not is_shown and self.resting is None:
            self._rest()

    def _wake(self) -> None:
        self.resting = None
        self._load_began = now_s()
        if self.off_because is None and self._spare is None and "" not in self.instances:
            self.loaded = Wait()
            self._spare = Instance(self, None)

    def _rest(self) -> None:
        """End every worker. One that failed too often stays known as such: looking again does not enable it."""
        self.resting = NO_INTERFACE
        instances = self.all_instances()
        self._leaving.clear()
        self.instances = {
            key: one for key, one in self.instances.items() if one.state is State.BLOCKED
        }
        if self._spare is not None and self._spare.state is not State.BLOCKED:
            self._spare = None
        for instance in instances:
            if instance.state is not State.BLOCKED:
                instance.stop(why=NO_INTERFACE)
        self.registry = EMPTY
        self.loaded.fail(PluginLoadError("E_STOPPED", f"{NO_INTERFACE} any more"))

    def switch_on(self) -> None:
        """See :meth:`Plugin.switch_on`."""
        if self.resting is None:
            super().switch_on()
        else:
            self.off_because = None

    @property
    def state(self) -> str:
        """As of any plugin; ``waiting`` while no interface is attached."""
        state = super().state
        waits = self.resting is not None and self.off_because is None
        return "waiting" if waits and state == State.STOPPED.value else state

    # What it hears.

    def hear(self, event: PluginEvent, session_id: str, text: str) -> None:
        """Have the instance of *session_id* told what happened; nobody waits for it."""
        if self.resting is not None or self.off_because is not None:
            return
        ends = ENDS_SESSION >> event & 1 and self.scope == "session"
        if ends and session_id not in self.instances:
            return  # no worker is started to hear of an end
        self.instance_for(session_id).hear(text)

    def end_instance(self, instance: Instance) -> None:
        """See :meth:`Plugin.end_instance`: it is told of the end, and has a moment for it."""
        self._leaving.append(instance)
        if len(self._leaving) > MAX_LEAVING:
            self._let_leave(self._leaving[0])
        self.runtime.reactor.at(
            now_s() + LAST_WORDS_S, lambda: self._let_leave(instance), demand=True
        )

    def _let_leave(self, instance: Instance) -> None:
        instance.stop()
        if instance in self._leaving:
            self._leaving.remove(instance)

    def all_instances(self) -> list[Instance]:
        """Every instance, the spare one and those of sessions that have just ended included."""
        return [*super().all_instances(), *self._leaving]

    # What it offers.

    def admit(self, registry: Registry) -> Registry:
        """See :meth:`Plugin.admit`: without tools and providers, which an agent uses whoever looks."""
        problems = list(registry.problems)
        names = [tool.name for tool in registry.tools[:_MAX_TOLD]]
        if names:
            problems.insert(0, f"tools are a server half's to offer: {', '.join(names)}")
        names = [str(one.get("name")) for one in registry.providers[:_MAX_TOLD]]
        if names:
            problems.insert(0, f"providers are a server half's to offer: {', '.join(names)}")
        return replace(registry, tools=(), providers=(), problems=tuple(problems))

    def on_instance_failed(
        self, instance: Instance, error: PluginLoadError, *, first: bool
    ) -> None:
        """See :meth:`Plugin.on_instance_failed`."""
        if first and not self.is_staged:
            _logger.warning(
                "the tui half of %s was not loaded: %s", self.name, printable(str(error))
            )
        super().on_instance_failed(instance, error, first=first)
