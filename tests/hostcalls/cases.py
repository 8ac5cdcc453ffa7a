"""How each hostcall is tried: one case for every row of the table. A row without one fails ``test_every_row.py``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from host.outcome import Json, JsonObject
from host.session import SessionRequest
from host.waits import start
from ipc.messages import ANSWER, COMMAND
from tests.hostcalls.http.server import Server, answer
from tests.support.scripted import ScriptedWorker, Stage

Args = Callable[[Path], JsonObject]


@dataclass(frozen=True)
class Case:
    """Arguments with which a hostcall works in the project directory *folder*, and what has to be allowed for it.

    ``after``: the hostcall that opens what this one is about, and what makes its arguments of that one's answer.
    ``takes_time``: it is at work for longer than a turn, so that a cancellation has something to stop.
    ``prepare``: makes files that it is about; what it returns is called when the test is over.
    ``deny``: what the plugin is not to have meanwhile. ``set_up``: brings what else the host needs. ``begin``: what the
    worker says first; ``meanwhile``: what it does until it has its answer.
    """

    args: Args = lambda _: {}
    allow: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: tuple[str, Callable[[Json], JsonObject]] | None = None
    takes_time: bool = False
    prepare: Callable[[Path], Callable[[], None]] = lambda _: lambda: None
    deny: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    set_up: Callable[[Stage], None] = lambda _: None
    begin: Callable[[ScriptedWorker], None] = lambda _: None
    meanwhile: Callable[[Stage, ScriptedWorker], None] = lambda *_: None


def with_a_neighbour(stage: Stage) -> None:
    """A real plugin with a tool."""
    path = stage.folder / "neighbour.js"
    path.write_text(
        'pi.registerTool({ name: "greet", description: "d", tier: "read", handler: (p) => `hello ${p.who}` });'
    )
    stage.run(start(stage.workspace.loads.load(path)))


def with_an_interface(stage: Stage) -> None:
    """Somebody looks."""
    stage.workspace.view.attach()


def run_what_is_asked(stage: Stage, worker: ScriptedWorker) -> None:
    """Answer the command that comes of it, unless it is refused."""
    stage.until(lambda: worker.has(COMMAND) or worker.has(ANSWER))
    if worker.has(COMMAND):
        worker.result(int(worker.take(COMMAND)[1]), '{"output":"done"}')


def serve(folder: Path) -> Callable[[], None]:
    """A server on loopback; its address lies in *folder*."""
    server = Server({"/": answer(b"hello")}).__enter__()
    (folder / "server.url").write_text(server.url())
    return lambda: server.__exit__(None, None, None)


def served(folder: Path) -> JsonObject:
    """The arguments that ask it."""
    return {"url": (folder / "server.url").read_text()}


def opened(head: Json) -> JsonObject:
    """The arguments that go on with an answered request."""
    assert isinstance(head, dict)
    return {"id": head["id"]}


LOOPBACK = {"http_hosts": ("127.0.0.1",)}


READS: Mapping[str, tuple[str, ...]] = {"fs_read": ("$CWD",)}
WRITES: Mapping[str, tuple[str, ...]] = {"fs_write": ("$CWD",)}
BOTH: Mapping[str, tuple[str, ...]] = {**READS, **WRITES}


def _make_files(folder: Path) -> Callable[[], None]:
    (folder / "hello.txt").write_text("hello")
    (folder / "link").symlink_to("hello.txt")
    return lambda: None


def _on_file(
    allow: Mapping[str, tuple[str, ...]], name: str = "hello.txt", **more: Json
) -> Case:
    def args(folder: Path) -> JsonObject:
        return {"path": str(folder / name), **more}

    return Case(args, allow, prepare=_make_files)


def _on_two(allow: Mapping[str, tuple[str, ...]]) -> Case:
    def args(folder: Path) -> JsonObject:
        return {"from": str(folder / "hello.txt"), "to": str(folder / "new.txt")}

    return Case(args, allow, prepare=_make_files)


FILES: Mapping[str, Case] = {
    "fs.read": _on_file(READS),
    "fs.stat": _on_file(READS),
    "fs.lstat": _on_file(READS, "link"),
    "fs.list": _on_file(READS, "."),
    "fs.exists": _on_file(READS),
    "fs.realpath": _on_file(READS, "link"),
    "fs.readlink": _on_file(READS, "link"),
    "fs.access": _on_file(READS, mode=4),
    "fs.open": _on_file(BOTH, "new.txt", read=True, write=True, create=True),
    "fs.write": _on_file(WRITES, "new.txt", text="hello"),
    "fs.truncate": _on_file(WRITES, size=2),
    "fs.sync": _on_file(WRITES),
    "fs.chmod": _on_file(WRITES, mode=0o600),
    "fs.utimes": _on_file(WRITES, atime=1000, mtime=2000),
    "fs.mkdir": _on_file(WRITES, "a/b", recursive=True),
    "fs.mkdtemp": Case(lambda folder: {"prefix": str(folder / "t-")}, WRITES),
    "fs.symlink": _on_file(BOTH, "other", target="hello.txt"),
    "fs.copy": _on_two(BOTH),
    "fs.remove": _on_file(WRITES),
    "fs.rename": _on_two(BOTH),
}
PROGRAMS: Mapping[str, tuple[str, ...]] = {"shell": ("*",)}
STARTED = ("exec.start", opened)


def with_a_session(stage: Stage) -> None:
    """An agent that answers in the next turn, and one session for every plugin."""

    def ask(request: SessionRequest) -> None:
        stage.runtime.reactor.post(lambda: request.answered([{"role": "user", "content": "x"}]))

    stage.workspace.ask_session = ask
    stage.session_id = "s"


CASES: Mapping[str, Case] = {
    **FILES,
    "kv.load": Case(),
    "kv.set": Case(lambda _: {"key": "k", "value": 1}),
    "kv.delete": Case(lambda _: {"key": "k"}),
    "env.get": Case(lambda _: {"name": "PATH"}, {"env": ("PATH",)}),
    "env.list": Case(),
    "tool.list": Case(),
    "command.list": Case(),
    "command.run": Case(
        lambda _: {"name": "greet", "args": "you"},
        takes_time=True,
        begin=lambda worker: worker.cast(
            "registry", '{"events":[0],"commands":[{"name":"greet"}]}'
        ),
        meanwhile=run_what_is_asked,
    ),
    "ui.dialog": Case(
        lambda _: {"kind": "confirm", "title": "Go on?", "timeout_ms": 1},
        set_up=with_an_interface,
    ),
    "session.getMessages": Case(
        allow={"session": ("getMessages",)}, set_up=with_a_session, takes_time=True
    ),
    "session.sendMessage": Case(
        lambda _: {"content": "hello"},
        {"session": ("sendMessage",)},
        set_up=with_a_session,
        takes_time=True,
    ),
    "tool.call": Case(
        lambda _: {"name": "greet", "params": {"who": "you"}},
        {"tools": ("greet:call",)},
        # It would have to be asked about the call that it waits for.
        deny={"events": ("PreToolUse:veto",)},
        set_up=with_a_neighbour,
        takes_time=True,
    ),
    "bus.emit": Case(lambda _: {"name": "hello", "data": {"n": 1}}),
    "http.request": Case(served, LOOPBACK, takes_time=True, prepare=serve),
    "http.read": Case(
        allow=LOOPBACK, after=("http.request", opened), takes_time=True, prepare=serve
    ),
    "http.cancel": Case(allow=LOOPBACK, after=("http.request", opened), prepare=serve),
    "exec.run": Case(
        lambda _: {"command": "echo", "args": ["x"]}, {"shell": ("echo *",)}, takes_time=True
    ),
    "exec.start": Case(lambda _: {"command": "echo x"}, PROGRAMS, takes_time=True),
    "exec.read": Case(lambda _: {"stream": "stdout"}, PROGRAMS, after=STARTED),
    "exec.write": Case(lambda _: {"data": "x"}, PROGRAMS, after=STARTED),
    "exec.close_stdin": Case(lambda _: {}, PROGRAMS, after=STARTED),
    "exec.kill": Case(lambda _: {"signal": "SIGHUP"}, PROGRAMS, after=STARTED),
    "exec.wait": Case(lambda _: {}, PROGRAMS, after=STARTED),
}

TOLD: Mapping[str, JsonObject] = {
    "log": {"level": "info", "text": "hello"},
    "unhandled": {"text": "Error: oh"},
    "timer": {"in_ms": 5},
    "registry": {"events": [], "tools": [], "commands": []},
    "cancel": {"id": 1},
    "bus.listen": {"names": ["hello"]},
    "tool.update": {"output": "half of it"},
    "ui.set": {"ops": [{"area": "status", "key": "k", "value": {"line": "ready"}}]},
    "ui.notify": {"message": "ready", "level": "success"},
}
"""Arguments of whatever is told and not answered."""
