"""Plugins for coding agents, each in its own locked worker process.

    from host import PluginHost, PluginEvent

    async with PluginHost.from_config() as host:
        await host.load("plugins/guard.ts")
        outcome = await host.dispatch(PluginEvent.PRE_TOOL_USE, {"tool_name": "bash", ...})
        if outcome.blocked: ...

:class:`BlockingPluginHost` has the same verbs for programs without an event loop.

Names are imported when they are first used: pydantic alone costs 200 ms, and a command line that has
nothing to do must not pay for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from host.aio import PluginHost
    from host.approvals import Answer, Question
    from host.blocking import BlockingPluginHost
    from host.completions import Completion
    from host.config import Config, Limits, PluginOptions, Timeouts
    from host.errors import (
        ApprovalsError,
        ConfigError,
        HostClosedError,
        HostError,
        InputError,
        IsolationError,
        PluginDisabledError,
        PluginLoadError,
        SessionError,
        ToolError,
    )
    from host.gate import ToolVerdict
    from host.outcome import Conflict, Outcome, PluginResult, Status
    from host.plugin_info import PluginInfo, ToolInfo
    from host.providers import ProviderInfo
    from host.reloading import Reloaded
    from host.remembered import Approval
    from host.session import (
        BlockingSessionProvider,
        SessionMessage,
        SessionProvider,
    )
    from host.tool_result import ToolResult, ToolUpdate
    from host.view.attachments import Attachment
    from host.view.model import Listener, View
    from host.view.pressing import Pressed
    from ipc.events import PluginEvent
    from policies.capability import FileRequest, HostRequest, NameRequest, ShellRequest
    from policies.layers import Step
    from policies.manifest_values import Manifest

__all__ = [
    "Answer",
    "Approval",
    "ApprovalsError",
    "Attachment",
    "BlockingPluginHost",
    "BlockingSessionProvider",
    "Completion",
    "Config",
    "ConfigError",
    "Conflict",
    "FileRequest",
    "HostClosedError",
    "HostError",
    "HostRequest",
    "InputError",
    "IsolationError",
    "Limits",
    "Listener",
    "Manifest",
    "NameRequest",
    "Outcome",
    "PluginDisabledError",
    "PluginEvent",
    "PluginHost",
    "PluginInfo",
    "PluginLoadError",
    "PluginOptions",
    "PluginResult",
    "Pressed",
    "ProviderInfo",
    "Question",
    "Reloaded",
    "SessionError",
    "SessionMessage",
    "SessionProvider",
    "ShellRequest",
    "Status",
    "Step",
    "Timeouts",
    "ToolError",
    "ToolInfo",
    "ToolResult",
    "ToolUpdate",
    "ToolVerdict",
    "View",
]

_HOME_OF = {
    "PluginHost": "host.aio",
    "BlockingPluginHost": "host.blocking",
    "PluginEvent": "ipc.events",
    "Completion": "host.completions",
    "ProviderInfo": "host.providers",
    "ToolResult": "host.tool_result",
    "ToolUpdate": "host.tool_result",
    "ToolVerdict": "host.gate",
    "Answer": "host.approvals",
    "Question": "host.approvals",
    "Approval": "host.remembered",
    "PluginInfo": "host.plugin_info",
    "Reloaded": "host.reloading",
    "ToolInfo": "host.plugin_info",
    "Attachment": "host.view.attachments",
    "Listener": "host.view.model",
    "View": "host.view.model",
    "Pressed": "host.view.pressing",
    "Step": "policies.layers",
    "Manifest": "policies.manifest_values",
    **dict.fromkeys(
        ("FileRequest", "HostRequest", "NameRequest", "ShellRequest"), "policies.capability"
    ),
    **dict.fromkeys(
        ("BlockingSessionProvider", "SessionMessage", "SessionProvider"), "host.session"
    ),
    **dict.fromkeys(("Config", "Limits", "PluginOptions", "Timeouts"), "host.config"),
    **dict.fromkeys(("Conflict", "Outcome", "PluginResult", "Status"), "host.outcome"),
    **dict.fromkeys((name for name in __all__ if name.endswith("Error")), "host.errors"),
}


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'host' has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value
