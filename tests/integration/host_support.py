"""Words that the tests of a whole host share."""

from collections.abc import Callable
from pathlib import Path

from host import Answer, BlockingPluginHost, Outcome, PluginResult, Question
from host.audit import AuditEntry, Kind
from host.core import HostCore
from host.outcome import Json, JsonObject

Write = Callable[[str, str], Path]
"""``write("guard.js", source)`` makes a plugin's file and gives its path."""


def plugin(body: str) -> str:
    """Source of a plugin whose default export runs *body* with ``pi``."""
    return f"export default (pi) => {{\n{body}\n}};\n"


def on(event: str, body: str, *, is_async: bool = False) -> str:
    """Source of a plugin with one handler: *body* sees ``event``, ``output`` and ``ctx``."""
    word = "async " if is_async else ""
    return plugin(f'pi.on("{event}", {word}(event, output, ctx) => {{ {body} }});')


def bash(command: str = "ls", **more: Json) -> JsonObject:
    """Payload of a PreToolUse for a shell command."""
    return {"tool_name": "bash", "tool_input": {"command": command, **more}, "session_id": "s"}


def yes(_: Question) -> Answer:
    """An approver that agrees to everything, once: for tests of what comes after the gate."""
    return "once"


async def yes_soon(_: Question) -> Answer:
    """The same for the asyncio front end."""
    return "once"


def result_of(outcome: Outcome, name: str) -> PluginResult:
    """What the plugin *name* did."""
    (found,) = [result for result in outcome.results if result.plugin == name]
    return found


def audited(host: HostCore, kind: Kind, name: str | None = None) -> list[AuditEntry]:
    """Entries of *kind*, of the plugin *name* if it is given."""
    return host.audit.recent(1000, plugin=name, kind=kind)


def pid_of(host: BlockingPluginHost, name: str) -> int:
    """The one process of the plugin *name*."""
    (info,) = [info for info in host.plugins() if info.name == name]
    (pid,) = info.pids
    return pid
