"""What may follow a command that a person is typing, as its plugin says."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from host.errors import ToolError
from host.outcome import Json, JsonObject
from host.reactor import now_s
from host.requests import run_in_worker
from ipc.messages import COMMAND

if TYPE_CHECKING:
    from host.workspace import Workspace

WITHIN_S: Final = 2.0
"""Somebody waits for the key to show something."""
MAX_COMPLETIONS: Final = 100
_MAX_CHARS: Final = 500


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on: ``value`` takes the place of the arguments, ``label`` is shown. All of it is a plugin's text."""

    value: str
    label: str
    description: str = ""

    def to_json(self) -> JsonObject:
        """The object that ``command --complete --json`` prints."""
        return {"value": self.value, "label": self.label, "description": self.description}


async def complete(
    workspace: "Workspace", name: str, prefix: str, session_id: str
) -> list[Completion]:
    """Ask the plugin of the command *name* what may follow *prefix*. Raises :class:`ToolError`; nothing to offer is
    an empty list."""
    workspace.runtime.look_if_due()
    route = workspace.snapshot.commands.get(name.removeprefix("/"))
    if route is None:
        known = ", ".join(sorted(workspace.snapshot.commands)) or "none"
        raise ToolError("E_NO_COMMAND", f"there is no command {name!r}; registered: {known}")
    if not route.spec.completes:
        return []
    request = {"name": route.spec.name, "complete": prefix, "ctx": {"session_id": session_id}}
    result = await run_in_worker(
        workspace,
        route.plugin,
        COMMAND,
        request,
        session_id=session_id,
        tool=name,
        until=now_s() + WITHIN_S,
    )
    if not result.ok:
        raise ToolError(result.code or "E_FAILED", f"completions of {name}: {result.error}")
    items = result.output if isinstance(result.output, list) else []
    found = [_read(item) for item in items[:MAX_COMPLETIONS]]
    return [one for one in found if one is not None]


def _read(item: Json) -> Completion | None:
    if isinstance(item, str):
        return Completion(item[:_MAX_CHARS], item[:_MAX_CHARS])
    if not isinstance(item, dict):
        return None
    value, label, described = item.get("value"), item.get("label"), item.get("description")
    if not isinstance(value, str):
        return None
    return Completion(
        value[:_MAX_CHARS],
        label[:_MAX_CHARS] if isinstance(label, str) else value[:_MAX_CHARS],
        described[:_MAX_CHARS] if isinstance(described, str) else "",
    )
