"""A hook of an agent, from what it was given to what it prints.

Promises    What decides is asked in the order of the table, and the first block ends it. What only watches is told
            afterwards, and nobody waits for it; of a tool that was blocked nobody is told that it starts.
"""

from typing import TYPE_CHECKING

from host.doors.answering import Answer, answer
from host.doors.hearing import Heard, Told, hear
from host.errors import InputError
from host.events import PluginEvent
from host.outcome import Json, JsonObject, Outcome
from host.workspace import Workspace

if TYPE_CHECKING:
    from host.daemon.call import Call


async def run_hook(call: "Call") -> Json:
    """Handle the method ``hook``; its result is what the hook's process prints and exits with."""
    variables = call.an_object("variables")
    texts = {name: value for name, value in variables.items() if isinstance(value, str)}
    if len(texts) != len(variables):
        raise InputError("variables is an object of texts")
    heard = hear(call.a_text("agent"), call.params.get("input"), texts)
    if not heard.told:
        return _printed(Answer())
    workspace = await call.workspace()
    outcomes: dict[PluginEvent, Outcome] = {}
    for told in heard.told:
        if told.decides:
            outcome = workspace.dispatch(told.event, _payload(heard, told, call.session_id))
            outcomes[told.event] = outcome if isinstance(outcome, Outcome) else await outcome
            if outcomes[told.event].blocked:
                return _printed(answer(heard, outcomes))
    _tell(workspace, heard, call.session_id)
    return _printed(answer(heard, outcomes))


def _tell(workspace: Workspace, heard: Heard, session_id: str) -> None:
    for told in heard.told:
        if not told.decides:
            workspace.dispatch(told.event, _payload(heard, told, session_id))


def _payload(heard: Heard, told: Told, session_id: str) -> JsonObject:
    told.payload.setdefault("session_id", heard.session_id or session_id)
    return told.payload


def _printed(said: Answer) -> JsonObject:
    return {"stdout": said.stdout, "stderr": said.stderr, "code": said.code}
