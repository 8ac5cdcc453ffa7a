"""An event that a plugin's own call causes: whoever waits for that call is not entered again.

Promises    Instances on the call stack are skipped, with the status ``reentrant``; where one of them may veto the event,
            it cannot be asked, and what caused the event fails. All others have as long as they would have had, and no
            longer than the call that all this is for.
Elsewhere   An agent's events: ``dispatch.py``. What is on the call stack: ``lineage.py``.
"""

from typing import TYPE_CHECKING

import msgspec

from host.audit import Kind
from host.dispatch import dispatch_to
from host.events import VETO_ACTION, PluginEvent
from host.lineage import Lineage
from host.outcome import JsonObject, Outcome, PluginResult, Status
from host.refusals import stopped, switched_off

if TYPE_CHECKING:
    from host.workspace import Workspace


class ReentrantError(Exception):
    """Whoever would have to be asked, *plugin*, is waiting for the answer."""

    def __init__(self, plugin: str, told: str) -> None:
        super().__init__(told)
        self.plugin = plugin


async def dispatch_nested(
    workspace: "Workspace", event: PluginEvent, payload: JsonObject, lineage: Lineage
) -> Outcome:
    """Send *event* to whoever subscribed and does not wait for it. Raises :class:`ReentrantError`."""
    workspace.runtime.look_if_due()
    snapshot = workspace.snapshot  # read once: routes and rights must share a generation
    if not snapshot.bitmap >> event & 1:
        return Outcome(event, generation=snapshot.generation)
    routes = snapshot.routes[event]
    if not routes:
        return switched_off(workspace, event, snapshot)
    heard, skipped = [], []
    for route in routes:
        if route.plugin.instance_for(lineage.session_id) in lineage.waiting:
            if event in VETO_ACTION and "veto" in route.rights:
                told = f"{route.name} may veto {event.wire_name} and is waiting for this call itself"
                raise ReentrantError(route.name, told)
            skipped.append(PluginResult(route.name, Status.REENTRANT))
        else:
            heard.append(route)
    for result in skipped:
        workspace.runtime.audit.record(
            Kind.REFUSED, plugin=result.plugin, code="reentrant", event=event
        )
    if not heard:
        return Outcome(event, results=tuple(skipped), generation=snapshot.generation)
    outcome = await dispatch_to(workspace, event, payload, snapshot, tuple(heard), lineage)
    return msgspec.structs.replace(outcome, results=(*outcome.results, *skipped))


async def dispatch_caused(
    workspace: "Workspace", event: PluginEvent, payload: JsonObject, lineage: Lineage
) -> Outcome:
    """Send an event of the agent's that a plugin has caused. A guard that cannot be asked has not agreed."""
    try:
        return await dispatch_nested(workspace, event, payload, lineage)
    except ReentrantError as error:
        outcome = Outcome(event, generation=workspace.snapshot.generation)
        result = PluginResult(error.plugin, Status.REENTRANT)
        return stopped(outcome, error.plugin, str(error), extra=(result,))
