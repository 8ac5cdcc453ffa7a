"""A worker's JavaScript with an interface: what it wants shown, what it asks, and a person who presses keys."""

import json

from tests.unit.worker.js_support import OP_COMMAND, Js, Json, JsonObject, as_list, as_object

UI: JsonObject = {
    "width": 40,
    "height": 10,
    "theme": "dark",
    "colors": ["accent", "dim"],
    "editor": "typed",
    "session": "",
}


class Ui(Js):
    """An engine whose plugin is seen by somebody, unless it is loaded with ``ui=None``."""

    def open(self, code: str, **header: Json) -> JsonObject:
        """Load a plugin whose default export is ``(pi) => {code}``."""
        return self.plugin(code, **({"ui": UI} | header))

    def ops(self) -> list[tuple[str, str, Json]]:
        """(area, key, value) of everything that was told to be shown, in order."""
        found = []
        for tell in self.casts("ui.set"):
            for each in as_list(tell["ops"]):
                op = as_object(each)
                found.append((str(op["area"]), str(op["key"]), op["value"]))
        return found

    def shown(self, area: str) -> dict[str, Json]:
        """What is shown in *area* now, by key."""
        now: dict[str, Json] = {}
        for where, key, value in self.ops():
            if where == area:
                now.pop(key, None)
                if value is not None:
                    now[key] = value
        return now

    def lines(self, frame: str = "f1") -> list[Json]:
        """The lines of an open frame."""
        return as_list(as_object(self.shown("frame")[frame])["lines"])

    def start(self, name: str, args: str = "", ctx: JsonObject | None = None) -> int:
        """Run a command that waits for something; the id of its call."""
        id_ = self.next_id()
        request = {"name": name, "args": args, "ctx": ctx or {}}
        assert self.enter(OP_COMMAND, id_, 0, json.dumps(request)) is None
        return id_

    def did(self, **ui: Json) -> bool:
        """Tell the plugin what a person did; whether it took it."""
        id_ = self.next_id()
        given = self.enter(
            OP_COMMAND, id_, 0, json.dumps({"ui": ui, "ctx": {"session_id": "s1"}})
        )
        output = as_object(as_object(self.result(id_, given))["output"])
        assert list(output) == ["handled"]
        return output["handled"] is True

    def key(self, data: str, frame: str = "f1") -> bool:
        """Press a key in a component."""
        return self.did(op="key", frame=frame, key=data, data=data)

    def dialogs(self) -> list[tuple[int, int, JsonObject]]:
        """(id, call, arguments) of every dialog that was asked for."""
        return self.hostcalls("ui.dialog")

    def attach(self, **changes: Json) -> None:
        """Open the interface, or change it."""
        self.push({"topic": "ui", "state": UI | changes})

    def detach(self) -> None:
        """Close the interface."""
        self.push({"topic": "ui", "state": None})
