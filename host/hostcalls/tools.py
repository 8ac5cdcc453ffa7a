"""``pi.callTool``: a tool of another plugin, through the pipeline that an agent's call goes through.

Promises    A plugin needs a permission of its own for it (``tools = ["name:call"]``), and the tool passes the gate all the
            same: neither lends the other what it has not. What the gate's refusal rests on stays on the host.
Elsewhere   Who is skipped, and why a call fails with E_REENTRANT: ``host/nested.py``.
"""

from typing import TYPE_CHECKING, Final

from host.encode import NotEncodableError, encode_json
from host.errors import InputError, ToolError
from host.hostcalls.flow import begin
from host.hostcalls.granted import ArgumentsError, Granted, Needs, decide
from host.hostcalls.refusal import refuse
from host.lineage import MAX_DEPTH, Lineage, lineage_of
from host.listener import HostcallRequest
from host.outcome import Json, JsonObject
from policies.capability import NameRequest, Request, target
from policies.names import CALL

if TYPE_CHECKING:
    from host.instance import Instance
    from host.tool_result import ToolResult

MAX_CALLS: Final = 16
"""Tools that one plugin may be waiting for."""
_PREFIXES: Final = ("plugin_", "plugin:")
_CODES: Final = {
    "E_NO_TOOL": "E_NOT_FOUND",
    "E_TIMED_OUT": "E_TIMEOUT",
    "E_NO_COMMAND": "E_NOT_FOUND",
}


def _read(instance: "Instance", args: dict[str, Json]) -> Request:
    name = args.get("name")
    if not isinstance(name, str) or not name or not isinstance(args.get("params"), dict):
        raise ArgumentsError("tool.call takes the name of a tool and an object of parameters")
    tools = instance.plugin.workspace.snapshot.tools
    for prefix in _PREFIXES:  # as an agent may spell it, unless that is a name of its own
        if name not in tools and name.startswith(prefix):
            name = name.removeprefix(prefix)
            break
    return NameRequest("tools", f"{name}{CALL}")


NEEDS: Final = Needs("tools", _read)


def call(
    instance: "Instance", granted: Granted, args: dict[str, Json], request: HostcallRequest
) -> None:
    """``{"name", "params"}`` -> ``{"output", "content", "title", "metadata", "images", "details"}``."""
    name, params = target(granted.request).removesuffix(CALL), args["params"]
    plugin = instance.plugin
    lineage = lineage_of(instance, request)
    if plugin.scope == "global":
        told = (
            "an instance that serves several projects belongs to none whose tools it could call"
        )
        refuse(request, "E_UNAVAILABLE", told)
    elif lineage.depth > MAX_DEPTH:
        refuse(request, "E_DEPTH", f"{MAX_DEPTH} calls wait for each other already")
    elif plugin.tool_calls >= MAX_CALLS:
        refuse(request, "E_QUOTA", f"{MAX_CALLS} tools are being waited for already")
    elif isinstance(params, dict):
        begin(_run(instance, name, params, lineage, request), request)


async def _run(
    instance: "Instance",
    name: str,
    params: JsonObject,
    lineage: Lineage,
    request: HostcallRequest,
) -> None:
    from host.tools import Caller, call_tool  # which needs workspaces, which need this table

    plugin = instance.plugin
    plugin.tool_calls += 1
    try:
        caller = Caller(lineage.session_id, lineage.agent_until, lineage=lineage)
        result = await call_tool(plugin.workspace, name, params, caller)
    except ToolError as error:
        refuse(request, _CODES.get(error.code, error.code), str(error))
        return
    except InputError as error:
        refuse(request, "E_INVALID", str(error))
        return
    finally:
        plugin.tool_calls -= 1
    _answer(instance, result, request)


def _answer(instance: "Instance", result: "ToolResult", request: HostcallRequest) -> None:
    code = result.code or "E_TOOL"
    if result.ok:
        said = result.to_json()
        value = {key: said[key] for key in _GIVEN if said[key] not in (None, [])}
        try:
            text = encode_json(value).decode()
        except NotEncodableError as error:
            refuse(request, "E_RESULT", f"the result of {result.tool} is not JSON: {error}")
            return
        if len(text) > instance.plugin.limits.payload_in_bytes:
            refuse(request, "E_TOO_LARGE", f"the result of {result.tool} is too large")
        else:
            request.answer(text)
    elif code in ("E_DENIED", "E_SWITCH"):
        refuse(request, "E_DENIED", f"{result.tool}: not allowed")
    else:
        refuse(request, _CODES.get(code, code), result.error or "the tool failed")


_GIVEN: Final = ("output", "content", "title", "metadata", "images", "details")


def list_all(instance: "Instance", _: dict[str, Json], request: HostcallRequest) -> None:
    """``{}`` -> ``{"tools": [{"name", "description", "tier", "plugin", "parameters"?}]}``: this plugin's own, and the
    others' that it is not denied to call."""
    plugin = instance.plugin
    routes = {} if plugin.scope == "global" else plugin.workspace.snapshot.tools
    tools: list[Json] = []
    for name, route in routes.items():
        own = route.plugin.name == plugin.name  # of either half
        if own or decide(plugin, NameRequest("tools", f"{name}{CALL}")).verdict != "deny":
            spec = route.spec
            tool: JsonObject = {
                "name": name,
                "description": spec.description,
                "tier": spec.tier,
                "plugin": route.plugin.name,
            }
            if spec.parameters is not None:
                tool["parameters"] = spec.parameters
            tools.append(tool)
    request.answer(encode_json({"tools": tools}).decode())
