"""A worker's JavaScript without a worker: the real engine and bootstrap, a host made of lists.

``Js`` records everything that crosses and answers synchronous hostcalls from a table. Nothing here
waits: jobs are drained after each entry, as the worker's loop does.
"""

import json
from typing import TypeAlias

import _quickjs

from ipc.events import BY_NAME
from worker.engine import (
    OP_ANSWER,
    OP_CANCEL,
    OP_COMMAND,
    OP_EVENT,
    OP_LOAD,
    OP_PUSH,
    OP_TOOL,
    OP_WAKE,
    Engine,
)

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
JsonObject: TypeAlias = dict[str, Json]

RESULT, HOSTCALL, CAST = 1, 2, 3
HEAP_BYTES = 64 * 1024 * 1024
ESM_KIND = 0  # of a module; the number is that of 50_loader.js
BUNDLE_LINES = 20000


class Failed(Exception):  # noqa: N818 - it is an answer, not an error of the test
    """A call answered with status 2; ``info`` is its JSON."""

    def __init__(self, info: JsonObject) -> None:
        super().__init__(str(info.get("message")))
        self.info = info


def _parse(text: str) -> Json:
    value: Json = json.loads(text)
    return value


def as_object(value: Json) -> JsonObject:
    """Narrow to an object, or fail the test."""
    assert isinstance(value, dict), value
    return value


def as_list(value: Json) -> list[Json]:
    """Narrow to a list, or fail the test."""
    assert isinstance(value, list), value
    return value


class Js:
    """One engine, with everything it sent."""

    def __init__(self, seed: bytes = b"\x07" * 32) -> None:
        self.sent: list[tuple[int, int, int, str, str]] = []
        self.syncs: list[tuple[int, str, str]] = []
        self.kv: JsonObject = {}
        self.sync_answer: str | None = None
        self.engine = Engine()
        self.engine.outlet = self
        self.engine.start(seed, HEAP_BYTES)
        self._last_id = 0

    # what the engine calls

    def send(self, kind: int, id_: int, n: int, name: str, text: str) -> None:
        """Record one frame."""
        assert type(text) is str
        self.sent.append((kind, id_, n, name, text))

    def sync(self, n: int, name: str, text: str) -> str:
        """Answer a synchronous hostcall."""
        self.syncs.append((n, name, text))
        if self.sync_answer is not None:
            return self.sync_answer
        return "1" + json.dumps({"entries": self.kv, "version": 1})

    # entries

    def enter(
        self, op: int, id_: int = 0, n: int = 0, text: str = "", text2: str = ""
    ) -> str | None:
        """One entry and all of its jobs; what ``enter`` itself gave."""
        given: object = self.engine.enter(op, id_, n, text, text2)
        while self.engine.run_job():
            pass
        assert given is None or isinstance(given, str)
        return given

    def next_id(self) -> int:
        """A fresh call id."""
        self._last_id += 1
        return self._last_id

    def load(
        self,
        code: str,
        *,
        header: JsonObject | None = None,
        imports: dict[str, tuple[str, str]] | None = None,
        awaits: bool = False,
    ) -> JsonObject:
        """Load a module (see ``bundle``) that is ready when its jobs are done; the registry."""
        id_, given = self.start_load(bundle(code, imports=imports, awaits=awaits), header)
        value = as_object(self.result(id_, given))
        return as_object(value["registered"])

    def start_load(
        self, script: str, header: JsonObject | None = None
    ) -> tuple[int, str | None]:
        """Load *script*; its call id, and what came back at once."""
        id_ = self.next_id()
        return id_, self.enter(OP_LOAD, id_, 0, json.dumps(load_header(header)), script)

    def plugin(self, code: str, **header: Json) -> JsonObject:
        """Load a plugin whose default export is ``(pi) => {code}``."""
        return self.load("exports.default = (pi) => {" + code + "};", header=dict(header))

    def start_event(
        self, name: str, payload: JsonObject, ctx: JsonObject | None = None
    ) -> tuple[int, str | None]:
        """Deliver an event; its call id, and what came back at once."""
        id_ = self.next_id()
        context = "" if ctx is None else json.dumps(ctx)
        return id_, self.enter(OP_EVENT, id_, int(BY_NAME[name]), json.dumps(payload), context)

    def event(
        self, name: str, payload: JsonObject | None = None, ctx: JsonObject | None = None
    ) -> JsonObject:
        """Deliver an event that must have answered when its jobs are done; {} is a plain continue."""
        id_, given = self.start_event(name, payload or {}, ctx)
        return as_object(self.result(id_, given))

    def pre_tool(self, tool_input: Json = None, tool: str = "bash") -> JsonObject:
        """PreToolUse, the commonest event."""
        shown: Json = {"command": "ls"} if tool_input is None else tool_input
        return self.event(
            "PreToolUse", {"tool_name": tool, "tool_input": shown, "session_id": "s1"}
        )

    def tool(self, name: str, params: Json = None, ctx: JsonObject | None = None) -> JsonObject:
        """Call a tool that must have answered when its jobs are done."""
        id_, given = self.start_tool(name, params, ctx)
        return as_object(self.result(id_, given))

    def start_tool(
        self, name: str, params: Json = None, ctx: JsonObject | None = None
    ) -> tuple[int, str | None]:
        """Call a tool; its call id, and what came back at once."""
        id_ = self.next_id()
        request: JsonObject = {
            "name": name,
            "params": {} if params is None else params,
            "ctx": ctx or {},
        }
        return id_, self.enter(OP_TOOL, id_, 0, json.dumps(request))

    def command(self, name: str, args: str = "") -> JsonObject:
        """Run a command that must have answered when its jobs are done."""
        id_ = self.next_id()
        given = self.enter(
            OP_COMMAND, id_, 0, json.dumps({"name": name, "args": args, "ctx": {}})
        )
        return as_object(self.result(id_, given))

    def answer(self, id_: int, value: Json = None, *, error: JsonObject | None = None) -> None:
        """Answer hostcall *id_*."""
        if error is None:
            self.enter(OP_ANSWER, id_, 1, json.dumps(value))
        else:
            self.enter(OP_ANSWER, id_, 2, json.dumps(error))

    def cancel(self, id_: int) -> None:
        """Cancel call *id_*."""
        self.enter(OP_CANCEL, id_)

    def wake(self) -> None:
        """Say that the wanted time has come."""
        self.enter(OP_WAKE)

    def push(self, message: JsonObject) -> None:
        """News from the host."""
        self.enter(OP_PUSH, 0, 0, json.dumps(message))

    def collect(self) -> None:
        """Run the engine's cycle collector, then the jobs of finalisers."""
        self.engine._context.gc()
        self.enter(OP_WAKE)

    @staticmethod
    def engine_globals() -> Json:
        """The names that a bare context defines."""
        listing: object = _quickjs.Context().eval(
            "JSON.stringify(Object.getOwnPropertyNames(globalThis))"
        )
        return _parse(str(listing))

    # what came out

    def results(self, id_: int) -> list[tuple[int, str]]:
        """Every RESULT frame of call *id_*."""
        return [(n, text) for kind, i, n, _, text in self.sent if kind == RESULT and i == id_]

    def result(self, id_: int, given: str | None) -> Json:
        """The one result of a call: *given* at once, or the one frame; raises Failed for status 2."""
        frames = self.results(id_)
        if given is None:
            assert len(frames) == 1, frames
            status, text = frames[0]
        else:
            assert frames == []
            status, text = int(given[0]), given[1:]
        if status == 0:
            assert text == ""
            return {}
        value = _parse(text)
        if status == 2:
            raise Failed(as_object(value))
        return value

    def casts(self, name: str) -> list[JsonObject]:
        """The arguments of every CAST of that name."""
        return [
            as_object(_parse(text))
            for kind, _, _, n, text in self.sent
            if kind == CAST and n == name
        ]

    def hostcalls(self, name: str) -> list[tuple[int, int, JsonObject]]:
        """(id, call id, arguments) of every HOSTCALL of that name."""
        return [
            (id_, n, as_object(_parse(text)))
            for kind, id_, n, called, text in self.sent
            if kind == HOSTCALL and called == name
        ]

    def logged(self) -> list[str]:
        """The texts of all log lines."""
        return [str(line["text"]) for line in self.casts("log")]

    def unhandled(self) -> list[str]:
        """The texts of all reports of errors that nobody handled."""
        return [str(line["text"]) for line in self.casts("unhandled")]


def load_header(extra: JsonObject | None = None) -> JsonObject:
    """A LOAD header as the host sends it."""
    header: JsonObject = {
        "id": "file:guard",
        "name": "guard",
        "version": "1.2.3",
        "scope": "project",
        "cwd": "/project",
        "data_dir": "/data/guard",
        "settings": {},
        "config": {},
        "now_ms": 0,
        "session_id": None,
        "api_version": "0.30",
        "entries": [0],
        "limits": {"max_registrations": 200, "log_bytes": 1024, "payload_out": 65536},
    }
    return header | (extra or {})


def bundle(
    code: str, *, imports: dict[str, tuple[str, str]] | None = None, awaits: bool = False
) -> str:
    """A bundle of one module, as the builder writes it.

    *code* sets ``exports.default`` and ``exports.manifest``; only what it names is exported.
    *imports* maps a local name (read as ``imports.name``) to (specifier, exported name). With *awaits*
    the module is asynchronous, and ``yield promise`` in it is a top-level await.
    """
    wanted = imports or {}
    specs = list(dict.fromkeys(spec for spec, _ in wanted.values()))
    deps = [[spec, spec] for spec in specs]
    flat = [
        part
        for local, (spec, name) in wanted.items()
        for part in (specs.index(spec), name, local)
    ]
    exported = [name for name in ("default", "manifest") if f"exports.{name}" in code]
    getters = ", ".join(f"'{name}', '{name}', () => exports.{name}" for name in exported)
    body = f"(function* (c, imports) {{ const exports = {{}}; c.x([{getters}]); yield;\n{code}\n}})"
    return "\n" * BUNDLE_LINES + (
        f"(function (__loader) {{ __loader.define(0, 'index.js', {ESM_KIND}, {int(awaits)}, "
        f"{json.dumps(deps)}, {json.dumps(list(range(len(deps))))}, {json.dumps(flat)}, [], [], [], {body}); }})"
    )


def evaluate(
    code: str, names: str, package: str = "pi-tui", scope: str = "@earendil-works"
) -> Json:
    """The value of *code*, in which the *names* that *package* exports are known."""
    js = Js()
    specifier = f"{scope}/{package}"
    imports = {name: (specifier, name) for name in names.split()}
    bound = "".join(f"const {name} = imports.{name};" for name in imports)
    js.load(
        f"{bound} exports.default = (pi) => pi.on('UserPromptSubmit', async () => ({{ modified_prompt: JSON.stringify(await ({code})) }}));",
        imports=imports,
    )
    output = as_object(js.event("UserPromptSubmit", {"content": ""})["output"])
    return _parse(str(output["modified_prompt"]))
