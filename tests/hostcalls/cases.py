"""How each hostcall is tried: one case for every row of the table. A row without one fails ``test_every_row.py``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from host.outcome import Json, JsonObject

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


CASES: Mapping[str, Case] = {
    "kv.load": Case(),
    "kv.set": Case(lambda _: {"key": "k", "value": 1}),
    "kv.delete": Case(lambda _: {"key": "k"}),
    "env.get": Case(lambda _: {"name": "PATH"}, {"env": ("PATH",)}),
    "env.list": Case(),
    "bus.emit": Case(lambda _: {"name": "hello", "data": {"n": 1}}),
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
