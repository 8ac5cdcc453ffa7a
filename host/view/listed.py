"""What the host itself writes of plugins: which there are, how they are, which commands they have."""

from typing import TYPE_CHECKING

from host.instance import State
from host.outcome import JsonObject
from host.view.limits import MAX_TOLD_CHARS
from host.view.text import clean_line, plain

if TYPE_CHECKING:
    from host.instance import Instance
    from host.plugin import Plugin
    from host.registry import CommandSpec
    from host.view.model import View
    from host.view.presence import Presence


class Listed:
    """The areas ``plugin`` and ``command`` of one view."""

    def __init__(self, view: "View") -> None:
        self._view = view
        self._plugins: dict[str, Plugin] = {}
        self._commands: dict[str, tuple[str, CommandSpec | None]] = {}
        """By name, whose it is, and what of it is shown; None where that is not all of it."""

    def refresh(self) -> None:
        """Follow the workspace's plugins and the commands of its snapshot."""
        workspace = self._view.workspace
        plugins = {part.shown_as: part for part in workspace.parts()}
        for name in self._plugins.keys() - plugins.keys():
            self._view.drop_of(name)
        self._plugins = plugins
        for plugin in plugins.values():
            self._note(plugin)
        commands: dict[str, tuple[str, CommandSpec | None]] = {
            name: (route.plugin.shown_as, route.spec)
            for name, route in workspace.snapshot.commands.items()
        }
        for name, (owner, _) in self._commands.items():
            if name not in commands or commands[name][0] != owner:
                self._view.drop((owner, "", "command", name))
        for name, route in workspace.snapshot.commands.items():
            owner = route.plugin.shown_as
            if self._commands.get(name) != (owner, route.spec):
                line, is_whole = route.plugin.shown.described(route.spec.description)
                value: JsonObject = {"description": line, "completes": route.spec.completes}
                self._view.put((owner, "", "command", name), value)
                commands[name] = owner, route.spec if is_whole else None
        self._commands = commands

    def note_state(self, presence: "Presence") -> None:
        """Write how the instance of *presence* is, and its plugin with it."""
        plugin = presence.plugin
        if self._plugins.get(plugin.shown_as) is not plugin:
            return  # not in its place
        if presence.session:
            state = presence.instance.state
            self._view.put(
                presence.key_of("plugin", ""),
                _about(plugin, _word(state), presence.instance.last_error),
                presence,
            )
        self._note(plugin)

    def forget(self, presence: "Presence") -> None:
        """The instance of *presence* is no more."""
        self._view.drop(presence.key_of("plugin", ""), presence)
        self.note_plugin(presence.plugin)

    def note_plugin(self, plugin: "Plugin") -> None:
        """Write how *plugin* is, if it is in its place."""
        if self._plugins.get(plugin.shown_as) is plugin:
            self._note(plugin)

    def _note(self, plugin: "Plugin") -> None:
        state = plugin.state
        errors = [
            plugin.off_because,
            plugin.last_error,
            *(instance.last_error for instance in plugin.all_instances()),
        ]
        error = next((told for told in errors if told), "")
        about = _about(plugin, "gone" if state == "stopped" else state, error)
        self._view.put((plugin.shown_as, "", "plugin", ""), about)

    def gone_text(self, instance: "Instance") -> str:
        """Return what stands in the place of what a lost worker showed."""
        plugin = instance.plugin
        if instance.state is State.BLOCKED:
            return _told(plugin, f"{plugin.name} is off: {instance.last_error}")
        return f"{plugin.name} is restarting"


def _about(plugin: "Plugin", state: str, error: str) -> JsonObject:
    return {
        "state": state,
        "error": _told(plugin, error) if state != "active" else "",
        "kind": plugin.spec.manifest.kind,
        "title": _told(plugin, plugin.spec.manifest.title or plugin.name),
    }


def _word(state: State) -> str:
    return "gone" if state is State.STOPPED else str(state.value)


def _told(plugin: "Plugin", text: str) -> str:
    """*text*, in which the plugin had a part, as one line that only shows."""
    return plain(clean_line(plugin.masked.cut(text, MAX_TOLD_CHARS)))
