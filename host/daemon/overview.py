"""What there is: every project of the daemon, its plugins, and the workers that run them."""

from typing import TYPE_CHECKING

from host.daemon.projects import Project
from host.instance import Instance
from host.outcome import Json, JsonObject
from host.plugin import Plugin
from host.plugin_info import PluginInfo
from host.workspace import Workspace

if TYPE_CHECKING:
    from host.daemon.call import Call


async def overview(call: "Call") -> Json:
    """Handle the method ``overview``."""
    server = call.server
    server.runtime.look_if_due()
    return {"projects": [_project(project) for project in server.projects.all()]}


async def plugins(call: "Call") -> Json:
    """Handle the method ``plugins``: those of the client's own project."""
    workspace = await call.workspace()
    workspace.runtime.look_if_due()
    return {"plugins": [plugin_json(info) for info in workspace.plugins()]}


def plugin_json(info: PluginInfo) -> JsonObject:
    """Return what a client is told of a plugin of its project."""
    return {
        "id": info.id,
        "name": info.name,
        "version": info.version,
        "path": info.path,
        "scope": info.scope,
        "state": info.state,
        "error": info.error,
        "events": [*info.registry.event_names()],
        "tools": [tool.name for tool in info.registry.tools],
        "commands": [command.name for command in info.registry.commands],
        "pids": [*info.pids],
        "load_ms": round(info.load_ms, 3),
        "kind": info.manifest.kind,
        "part": info.part,
        "tui": plugin_json(info.tui) if info.tui is not None else None,
    }


def _project(project: Project) -> JsonObject:
    workspace = project.workspace
    return {
        "cwd": project.surroundings.cwd,
        "permission_mode": workspace.modes.default,
        "is_loading": not project.ready.is_done,
        "plugins": [_plugin(workspace, plugin) for plugin in workspace.loaded()],
    }


def _plugin(workspace: Workspace, plugin: Plugin) -> JsonObject:
    instances = plugin.all_instances()
    half = None if plugin.is_beside else workspace.halves.of(plugin.name)
    return plugin_json(workspace.info(plugin)) | {
        "tui": _plugin(workspace, half) if half is not None else None,
        "restarts": sum(instance.restarts for instance in instances),
        "hostcalls": sum(instance.hostcalls for instance in instances),
        "refused": sum(instance.refused for instance in instances),
        "last_error": plugin.last_error or _newest_error(instances),
        "instances": [_instance(instance) for instance in instances],
    }


def _newest_error(instances: list[Instance]) -> str | None:
    """Why a worker was lost, though another one has taken its place by now."""
    return next((one.last_error for one in reversed(instances) if one.last_error), None)


def _instance(instance: Instance) -> JsonObject:
    link = instance.link
    return {
        "pid": link.pid if link is not None and not link.is_lost else None,
        "session": instance.key or "",
        "state": instance.state.value,
        "restarts": instance.restarts,
        "hostcalls": instance.hostcalls,
        "refused": instance.refused,
    }
