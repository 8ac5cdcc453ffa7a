"""The client of the daemon (``jcode-plugin serve``), for agents and tools in Python. Standard library only.

    from jcode_plugins import Client

    with Client(start=True) as plugins:
        outcome = plugins.dispatch("PreToolUse", {"tool_name": "bash", "tool_input": {"command": "ls"}})
        if outcome.blocked: ...

:class:`AsyncClient` has the same verbs for asyncio. What goes over the socket: ``docs/protocol.md``.

Names are imported when they are first used: a hook is a process for each event, and pays for every import.
"""

TYPE_CHECKING = False  # of typing, whose import alone would cost more than a request
if TYPE_CHECKING:
    from jcode_plugins.aio import AsyncClient
    from jcode_plugins.aio_viewing import AsyncViewStream
    from jcode_plugins.answers import (
        Capabilities,
        CapabilityEntry,
        Completion,
        ExplainedStep,
        InstanceInfo,
        LogLine,
        Outcome,
        PluginInfo,
        PluginOverview,
        PluginResult,
        ProjectInfo,
        ServerEvent,
        ToolInfo,
        ToolResult,
        ToolVerdict,
    )
    from jcode_plugins.client import Client
    from jcode_plugins.errors import (
        AnswerError,
        ConfigError,
        ConnectionLostError,
        DeadlineError,
        FullError,
        InputError,
        JcodePluginsError,
        LoadError,
        NotRunningError,
        PlaceError,
        ProtocolError,
        StartError,
        ToolError,
    )
    from jcode_plugins.viewing import ViewStream

__all__ = [
    "AnswerError",
    "AsyncClient",
    "AsyncViewStream",
    "Capabilities",
    "CapabilityEntry",
    "Client",
    "Completion",
    "ConfigError",
    "ConnectionLostError",
    "DeadlineError",
    "ExplainedStep",
    "FullError",
    "InputError",
    "InstanceInfo",
    "JcodePluginsError",
    "LoadError",
    "LogLine",
    "NotRunningError",
    "Outcome",
    "PlaceError",
    "PluginInfo",
    "PluginOverview",
    "PluginResult",
    "ProjectInfo",
    "ProtocolError",
    "ServerEvent",
    "StartError",
    "ToolError",
    "ToolInfo",
    "ToolResult",
    "ToolVerdict",
    "ViewStream",
]

_HOME_OF = {
    "Client": "client",
    "AsyncClient": "aio",
    "AsyncViewStream": "aio_viewing",
    "ViewStream": "viewing",
    **dict.fromkeys((name for name in __all__ if name.endswith("Error")), "errors"),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'jcode_plugins' has no attribute {name!r}")
    module = f"jcode_plugins.{_HOME_OF.get(name, 'answers')}"
    value: object = getattr(__import__(module, fromlist=[name]), name)
    globals()[name] = value
    return value
