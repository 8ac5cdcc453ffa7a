"""What plugins show, and what a person does with it, by way of the socket.

Promises    A key, a choice or an answer to a dialog counts from nobody whom a call that is under way stands behind: a command
            that an agent's model had run does not answer in the place of the person whom the plugin asks.
Gap         Processes of one user can do anything to each other; see ``docs/approval.md``. A dialog is no permission: what an
            answer means is the plugin's affair.
Elsewhere   What is told, and how: ``viewing.py``. What a view is: ``host/view``, ``docs/ui.md``.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from host.audit import Kind, printable
from host.daemon.peers import Process, lineage_of
from host.daemon.viewing import UiState, Viewer
from host.daemon.watching import Take, Watching
from host.daemon.wire import RefusedError
from host.errors import InputError
from host.outcome import Json
from host.workspace import Workspace

if TYPE_CHECKING:
    from host.daemon.call import Call

_OF_A_HOOK: Final = 3
"""The hook's process, maybe a shell, and the agent that ran it."""


async def view(call: "Call") -> Json:
    """Handle the method ``view``: a snapshot, and from then on what changes, until the connection ends."""
    is_attached, ui = call.a_flag("attach"), _ui(call)
    if ui and not is_attached:
        raise InputError(f"{next(iter(ui))} is of an interface: send attach with it")
    await call.workspace()
    assert call.project is not None  # noqa: S101 - whose workspace it is
    stage = call.server.projects.current(call.project).stage
    viewers: list[Viewer] = []

    def begin(take: Take) -> Watching:
        viewers.append(stage.add(take, ui if is_attached else None))
        return viewers[0]

    call.watch(begin)
    call.server.runtime.soon(viewers[0].flush)  # after the answer, what did not fit into it
    return viewers[0].first


async def change_ui(call: "Call") -> Json:
    """Handle the method ``ui``: the interface that is attached by this connection is another one now."""
    changes = _ui(call)
    mine = [one for one in call.watchers if isinstance(one, Viewer) and one.is_attached]
    if not mine:
        raise InputError("no interface is attached by this connection: send view with attach")
    mine[-1].update(changes)
    return {}


async def press(call: "Call") -> Json:
    """Handle the method ``key``."""
    key, session = call.a_text("key"), call.a_text("session", "")
    frame, plugin = _maybe(call, "frame"), _maybe(call, "plugin")
    workspace = await call.workspace()
    _refuse_started(call, workspace, f"key {printable(key[:40])}")
    pressed = await workspace.view.press(key, frame=frame, plugin=plugin, session=session)
    return pressed.to_json()


async def answer_dialog(call: "Call") -> Json:
    """Handle the method ``answer_dialog``."""
    dialog, is_cancelled = call.a_text("dialog"), call.a_flag("cancelled")
    index, value = call.params.get("index"), call.params.get("value")
    if index is not None and type(index) is not int:
        raise InputError("index is a whole number")
    workspace = await call.workspace()
    asked = workspace.view.asked_by(dialog)
    session = asked.session if asked.has_call else ""
    _refuse_started(call, workspace, f"answer to a dialog of {asked.plugin}", session)
    workspace.view.answer(dialog, value=value, index=index, cancelled=is_cancelled)
    return {}


async def route(call: "Call") -> Json:
    """Handle the method ``route``."""
    plugin, name, session = (
        call.a_text("plugin"),
        call.a_text("name"),
        call.a_text("session", ""),
    )
    is_open = call.a_flag("open")
    workspace = await call.workspace()
    _refuse_started(call, workspace, f"route {printable(name[:40])}")
    pressed = await workspace.view.open_route(plugin, name, is_open, session=session)
    return pressed.to_json()


async def select(call: "Call") -> Json:
    """Handle the method ``select``."""
    plugin, session = call.a_text("plugin"), call.a_text("session", "")
    slot, item = call.a_text("slot"), call.a_text("item")
    action = call.a_text("action", "activate")
    workspace = await call.workspace()
    _refuse_started(call, workspace, f"choice in {printable(slot[:40])}")
    pressed = await workspace.view.select(plugin, session, slot, item, action)
    return pressed.to_json()


def _maybe(call: "Call", name: str) -> str | None:
    return call.a_text(name) if call.params.get(name) is not None else None


def _ui(call: "Call") -> UiState:
    """What a request says of an interface; what the numbers and words may be is the view's to say."""
    found = UiState()
    for number in ("width", "height"):
        value = call.params.get(number)
        if value is None:
            continue
        if type(value) is not int:
            raise InputError(f"{number} is a whole number")
        if number == "width":
            found["width"] = value
        else:
            found["height"] = value
    if call.params.get("theme") is not None:
        found["theme"] = call.a_text("theme")
    if call.params.get("editor") is not None:
        found["editor"] = call.a_text("editor")
    if call.params.get("session") is not None:
        found["session"] = call.a_text("session")
    return found


# Who may.


def _refuse_started(call: "Call", workspace: Workspace, what: str, session: str = "") -> None:
    """Raise RefusedError if a call that is under way in *workspace*, of *session* where that is known, stands behind *call*."""
    others = [one for one in call.server.calls_in(workspace) if one is not call]
    exact = [one for one in others if session in ("", one.session_id)]
    behind = {
        (process.pid, process.started) for one in exact or others for process in _of_call(one)
    }
    lineage = lineage_of(call.peer.pid)
    found = next((one for one in lineage[1:] if (one.pid, one.started) in behind), None)
    if found is not None:
        why = f"whoever gives it was started by whoever asked (process {found.pid})"
    elif behind and not lineage:
        why = "whoever gives it is gone, and nobody knows who started it"
    else:
        return
    call.server.runtime.audit.record(
        Kind.REFUSED,
        plugin="",
        code="E_ANSWERER",
        detail=f"{what} by process {call.peer.pid}: {why}",
    )
    raise RefusedError("denied", "E_ANSWERER", f"{why}; do it in a terminal of your own")


def _of_call(call: "Call") -> Iterable[Process]:
    """The processes whose call it is: the client; of a hook, which lives for one event, the agent that ran it, too.

    Not what a person's own shell is: beneath it is all that they do.
    """
    lineage = lineage_of(call.peer.pid)
    if call.request.method != "hook":
        return lineage[:1]
    agent = lineage[1:_OF_A_HOOK]
    return [*lineage[:1], *(one for one in agent if one.pid != one.session)]
