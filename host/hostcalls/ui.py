"""``ctx.ui``: what a plugin shows, tells and asks at an interface, and its commands.

Promises    What is shown costs a plugin no right: it stands under the plugin's name, in its own entries. An answer to a
            dialog is never an approval. The deadline of the call that a dialog belongs to waits for the person, up to
            ``[plugin.ui] dialog_secs`` in all.
Elsewhere   What is judged and bounded: ``host/view``.
"""

from typing import TYPE_CHECKING, Final

import msgspec

from host.encode import NotEncodableError, encode_json
from host.errors import ToolError
from host.hostcalls.flow import begin
from host.hostcalls.refusal import refuse
from host.lineage import MAX_DEPTH, all_waiting, lineage_of
from host.listener import HostcallRequest
from host.outcome import Json, JsonObject
from host.thinking import thinking_about
from host.view.asked import Wanted, read_dialog
from host.view.dialogs import DialogError
from host.view.shapes import RefusedValueError
from ipc.messages import COMMAND

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance
    from host.snapshot import CommandRoute

_NO_PROJECT: Final = "an instance that serves several projects has no interface of theirs"
_MAX_ARGS_CHARS: Final = 64 * 1024
_GIVEN: Final = ("output", "content", "details")


def set_(instance: "Instance", _: "Call | None", args: dict[str, Json]) -> None:
    """``{"ops": [{"area", "key", "value"}]}``: entries of its own, null takes one away."""
    instance.presence.set(args.get("ops"))


def notify(instance: "Instance", _: "Call | None", args: dict[str, Json]) -> None:
    """``{"message", "level"}``: one line for the person."""
    message, level = args.get("message"), args.get("level")
    if isinstance(message, str):
        instance.presence.notify(message, level if isinstance(level, str) else "info")


def dialog(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{"kind", "title", "message"?, "options"?, "placeholder"?, "prefill"?, "timeout_ms"?, "frame"?, "overlay"?}`` ->
    ``{"cancelled": true}``, ``{"index"}``, ``{"value"}`` or ``{}``."""
    plugin = instance.plugin
    if plugin.scope == "global":
        refuse(request, "E_UNAVAILABLE", _NO_PROJECT)
    elif not plugin.has_ui:
        refuse(request, "E_DENIED", "the configuration lets this plugin show nothing")
    else:
        try:
            # Before it is read: what is refused is not worth the work.
            plugin.workspace.view.dialogs.check(
                instance.presence, len(msgspec.json.encode(args))
            )
            masked = plugin.masked.known_in(args)
            wanted = read_dialog(masked if isinstance(masked, dict) else {})
        except DialogError as error:
            refuse(request, error.code, str(error))
        except RefusedValueError as error:
            refuse(request, "E_INVALID", str(error))
        else:
            begin(_ask(instance, wanted, request), request)


async def _ask(instance: "Instance", wanted: Wanted, request: HostcallRequest) -> None:
    plugin, link = instance.plugin, instance.link
    concerned = all_waiting(link.concerned_by(request)) if link is not None else []
    thought_s = max(
        (call.thinking.so_far_s() for call in concerned if call.thinking is not None),
        default=0.0,
    )
    left_s = plugin.workspace.config.ui.dialog_secs - thought_s
    if left_s <= 0:
        refuse(request, "E_QUOTA", "people have thought about this call as long as they may")
        return
    dialogs = plugin.workspace.view.dialogs
    with thinking_about(concerned):
        answer = await dialogs.ask(instance.presence, wanted, request.call, left_s)
    request.answer(encode_json(answer).decode())


def list_commands(instance: "Instance", _: dict[str, Json], request: HostcallRequest) -> None:
    """``{}`` -> ``{"commands": [{"name", "description", "source", "sourceInfo": {"path", "source", "scope"}}]}``."""
    plugin = instance.plugin
    routes = {} if plugin.scope == "global" else plugin.workspace.snapshot.commands
    commands: list[Json] = [
        _about(name, route, is_own=route.plugin is plugin) for name, route in routes.items()
    ]
    request.answer(encode_json({"commands": commands}).decode())


def _about(name: str, route: "CommandRoute", *, is_own: bool) -> JsonObject:
    spec = route.plugin.spec
    return {
        "name": name,
        "description": route.spec.description,
        "source": "extension",
        "sourceInfo": {
            "path": str(spec.path) if is_own else "",
            "source": route.plugin.name,
            "scope": "project" if spec.loaded == "project" else "user",
        },
    }


def run_command(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{"name", "args"?}`` -> what the command returned: ``{"output", "content"?, "details"?}``. One of its own only."""
    name, told = args.get("name"), args.get("args", "")
    plugin = instance.plugin
    if not isinstance(name, str) or not isinstance(told, str):
        refuse(request, "E_INVALID", "command.run takes the name of a command and a text")
        return
    if len(told) > _MAX_ARGS_CHARS:
        refuse(request, "E_TOO_LARGE", f"arguments of more than {_MAX_ARGS_CHARS} characters")
        return
    name = name.removeprefix("/")
    commands = plugin.workspace.snapshot.commands
    # Its own by the name that it registered; another plugin may have that name in the table.
    route = next(
        (one for one in commands.values() if one.plugin is plugin and one.spec.name == name),
        commands.get(name),
    )
    if route is None:
        refuse(request, "E_NOT_FOUND", f"there is no command {name[:100]}")
    elif route.plugin is not plugin:
        refuse(request, "E_DENIED", f"{name[:100]} is a command of another plugin")
    else:
        begin(_run(instance, route, told, request), request)


async def _run(
    instance: "Instance", route: "CommandRoute", args: str, request: HostcallRequest
) -> None:
    from host.requests import run_in_worker  # which needs plugins, which need this table

    plugin = instance.plugin
    lineage = lineage_of(instance, request)
    if lineage.depth > MAX_DEPTH:
        refuse(request, "E_DEPTH", f"{MAX_DEPTH} calls wait for each other already")
        return
    try:
        result = await run_in_worker(
            plugin.workspace,
            plugin,
            COMMAND,
            {"name": route.spec.name, "args": args, "ctx": {"session_id": lineage.session_id}},
            session_id=lineage.session_id,
            tool=route.spec.name,
            until=lineage.agent_until,
            lineage=lineage,
        )
    except ToolError as error:
        refuse(request, error.code, str(error))
        return
    if not result.ok:
        refuse(request, result.code or "E_FAILED", result.error or "the command failed")
        return
    said = result.to_json()
    try:
        value = {key: said[key] for key in _GIVEN if said.get(key) not in (None, [])}
        request.answer(encode_json(value).decode())
    except NotEncodableError as error:
        refuse(request, "E_RESULT", f"what the command returned is not JSON: {error}")
