"""A person's keys and choices on their way to the plugin that they are for.

Promises    A press goes to the open component first, then to whoever bound the key, in the order of plugins, until one
            says that it was for it. Each has as long as an actionable event; what has not answered by then has not
            handled it, and neither has one that fails, restarts or is gone. A handler that asks the person something
            has handled the press: nobody waits for the whole conversation.
Elsewhere   The names of keys: ``keys.py``. Who has a key: ``bindings.py``.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from host.calls import Call
from host.encode import encode_json
from host.errors import InputError
from host.events import PluginEvent
from host.outcome import Json, JsonObject, Status
from host.reactor import now_s
from host.view.keys import data_of, is_reserved, read_key
from host.view.limits import MAX_ANSWER_CHARS
from host.view.presence import Presence
from host.waits import Wait, start
from host.worker_json import parse_told
from ipc.messages import COMMAND
from ipc.ui import OPERATOR_KEYS

if TYPE_CHECKING:
    from host.instance import Instance
    from host.view.model import Key, View

ACTIONS: Final = ("activate", "toggle")
_MAX_SESSION_CHARS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Pressed:
    """What became of a key or a choice: whether a plugin handled it, and which one."""

    handled: bool
    plugin: str = ""

    def to_json(self) -> JsonObject:
        """``{"handled", "plugin"}``."""
        return {"handled": self.handled, "plugin": self.plugin}


_NOBODY: Final = Pressed(handled=False)


class Pressing:
    """See the module's text."""

    def __init__(self, view: "View") -> None:
        self._view = view
        self._waiting: dict[Call, Wait[bool]] = {}

    def press(
        self, key: str, frame: str | None, plugin: str | None, session: str
    ) -> Wait[Pressed]:
        """See :meth:`host.view.model.View.press`."""
        _check_session(session)
        key = read_key(key)
        if key in OPERATOR_KEYS:
            raise InputError(
                f"{key} is never a plugin's; the interface keeps it for the person"
            )
        if frame is not None and plugin is None:
            raise InputError("a frame is one plugin's: say which")
        return start(self._press(key, frame, plugin, session))

    async def _press(
        self, key: str, frame: str | None, plugin: str | None, session: str
    ) -> Pressed:
        if frame is not None and plugin is not None:
            instance = self._owner((plugin, session, "frame", frame)) or self._owner(
                (plugin, "", "frame", frame)
            )
            wanted: JsonObject = {"op": "key", "frame": frame, "key": key, "data": data_of(key)}
            if instance is not None and await self._ask(instance, wanted, session):
                return Pressed(handled=True, plugin=plugin)
        if is_reserved(key):
            return _NOBODY
        for bound in self._view.bindings.of(key, session):
            instance = self._owner(bound)
            wanted = {"op": "shortcut", "key": key}
            if instance is not None and await self._ask(instance, wanted, session):
                return Pressed(handled=True, plugin=bound[0])
        return _NOBODY

    def open_route(
        self, plugin: str, session: str, name: str, *, is_open: bool
    ) -> Wait[Pressed]:
        """See :meth:`host.view.model.View.open_route`."""
        _check_session(session)
        key = self._found((plugin, session, "route", name), "view")
        return start(self._tell(key, {"op": "route", "name": name, "open": is_open}, session))

    def select(
        self, plugin: str, session: str, slot: str, item: str, action: str
    ) -> Wait[Pressed]:
        """See :meth:`host.view.model.View.select`."""
        _check_session(session)
        if action not in ACTIONS:
            raise InputError(f"action is one of {', '.join(ACTIONS)}")
        key = self._found((plugin, session, "slot", slot), "slot")
        value = self._view.get(key)
        node = value.get("node") if isinstance(value, dict) else None
        if not _has_item(node, item):
            raise InputError(
                f"no item {item[:60]!a} can be chosen in {slot[:60]!a} of {plugin[:60]!a}"
            )
        wanted: JsonObject = {"op": "select", "slot": slot, "item": item, "action": action}
        return start(self._tell(key, wanted, session))

    async def _tell(self, key: "Key", wanted: JsonObject, session: str) -> Pressed:
        instance = self._owner(key)
        is_handled = instance is not None and await self._ask(instance, wanted, session)
        return Pressed(is_handled, key[0]) if is_handled else _NOBODY

    def _found(self, key: "Key", what: str) -> "Key":
        """Return *key* or the same of the whole project."""
        for one in (key, (key[0], "", key[2], key[3])):
            if self._owner(one) is not None:
                return one
        raise InputError(f"{key[0][:60]!a} has no {what} {key[3][:60]!a}")

    def _owner(self, key: "Key") -> "Instance | None":
        owner = self._view.owner_of(key)
        return owner.instance if isinstance(owner, Presence) else None

    async def _ask(self, instance: "Instance", wanted: JsonObject, session: str) -> bool:
        """Have the worker of *instance* do what is *wanted*; whether it says that it did."""
        plugin = instance.plugin
        if not instance.is_serving:
            return False
        runtime, config = plugin.runtime, self._view.workspace.config
        budget_s = config.timeout_s(PluginEvent.PRE_TOOL_USE, plugin.spec.configured_as)
        done: Wait[bool] = Wait()

        def on_done(_: Call, status: Status, text: str) -> None:
            timer.cancel()
            done.set(_is_handled(status, text))

        request: JsonObject = {
            "ui": wanted,
            "ctx": {"session_id": session or instance.key or ""},
        }
        call = Call(
            [
                COMMAND,
                runtime.ids.next(),
                max(int(budget_s * 1000), 1),
                encode_json(request).decode(),
            ],
            budget_s=budget_s,
            started=now_s(),
            on_done=on_done,
            session_id=session or instance.key or "",
        )
        reactor = runtime.reactor
        timer = reactor.at(now_s() + budget_s, lambda: call.on_deadline(budget_s, reactor))
        self._waiting[call] = done
        instance.submit(call)
        try:
            return await done
        finally:
            self._waiting.pop(call, None)
            if not done.is_done:
                timer.cancel()
                call.give_up()  # who pressed it went away

    def on_dialog(self, call: "Call | None") -> None:
        """A dialog that belongs to *call* is shown: a press that led to it is handled."""
        waiting = self._waiting.get(call) if call is not None else None
        if waiting is not None:
            waiting.set(True)


def _is_handled(status: Status, text: str) -> bool:
    if status is not Status.ANSWERED:
        return False
    answer = parse_told(text) if len(text) <= MAX_ANSWER_CHARS else None
    output: Json = answer.get("output") if answer is not None else None
    return isinstance(output, dict) and output.get("handled") is True


def _has_item(node: Json, item: str) -> bool:
    if not isinstance(node, dict):
        return False
    if node.get("kind") == "list":
        items = node.get("items")
        return node.get("selectable") is True and any(
            isinstance(one, dict) and one.get("id") == item
            for one in (items if isinstance(items, list) else [])
        )
    children = node.get("children")
    return any(
        _has_item(child, item) for child in (children if isinstance(children, list) else [])
    )


def _check_session(session: object) -> None:
    if not isinstance(session, str) or len(session) > _MAX_SESSION_CHARS:
        raise InputError(f"session is a text of at most {_MAX_SESSION_CHARS} characters")
