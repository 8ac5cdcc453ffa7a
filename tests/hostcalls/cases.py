"""How each hostcall is tried: one case for every row of the table. A row without one fails ``test_every_row.py``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from host.outcome import Json, JsonObject
from tests.hostcalls.http.server import Server, answer

Args = Callable[[Path], JsonObject]


@dataclass(frozen=True)
class Case:
    """Arguments with which a hostcall works in the project directory *folder*, and what has to be allowed for it.

    ``after``: the hostcall that opens what this one is about, and what makes its arguments of that one's answer.
    ``takes_time``: it is at work for longer than a turn, so that a cancellation has something to stop.
    ``prepare``: makes files that it is about; what it returns is called when the test is over.
    """

    args: Args = lambda _: {}
    allow: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: tuple[str, Callable[[Json], JsonObject]] | None = None
    takes_time: bool = False
    prepare: Callable[[Path], Callable[[], None]] = lambda _: lambda: None


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

CASES: Mapping[str, Case] = {
    "kv.load": Case(),
    "kv.set": Case(lambda _: {"key": "k", "value": 1}),
    "kv.delete": Case(lambda _: {"key": "k"}),
    "env.get": Case(lambda _: {"name": "PATH"}, {"env": ("PATH",)}),
    "env.list": Case(),
    "bus.emit": Case(lambda _: {"name": "hello", "data": {"n": 1}}),
    "http.request": Case(served, LOOPBACK, takes_time=True, prepare=serve),
    "http.read": Case(
        allow=LOOPBACK, after=("http.request", opened), takes_time=True, prepare=serve
    ),
    "http.cancel": Case(allow=LOOPBACK, after=("http.request", opened), prepare=serve),
}

TOLD: Mapping[str, JsonObject] = {
    "log": {"level": "info", "text": "hello"},
    "unhandled": {"text": "Error: oh"},
    "timer": {"in_ms": 5},
    "registry": {"events": [], "tools": [], "commands": []},
    "cancel": {"id": 1},
    "bus.listen": {"names": ["hello"]},
}
"""Arguments of whatever is told and not answered."""
