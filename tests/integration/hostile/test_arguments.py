"""Arguments of hostcalls and casts that only a forger sends: JSON objects of every other shape.

A handler runs in the reactor's turn, so an exception of one would come out of somebody else's dispatch.
"""

import pytest

from host.hostcalls.table import ASKS, TELLS
from host.outcome import Status
from ipc.messages import ANSWER, FLAG_SYNC
from tests.support.scripted import REGISTRY, Stage

BIG = "1" + "0" * 400
"""An integer beyond every float."""

VALUES = (
    "null",
    "true",
    "0",
    "-1",
    "1e300",
    BIG,
    '""',
    '"\\u0000"',
    '"x"',
    "[]",
    "{}",
    '["\\u2028"]',
    '"' + "k" * 5000 + '"',
)

FIELDS = {
    "log": ("level", "text"),
    "unhandled": ("text",),
    "timer": ("in_ms",),
    "registry": ("events", "tools", "commands", "flags", "shortcuts", "providers", "manifest"),
    "cancel": ("id",),
    "tool.call": ("name", "params"),
    "tool.update": ("content", "details", "output"),
    "session.getMessages": ("limit",),
    "session.sendMessage": ("content", "custom_type", "deliver_as", "role", "details"),
    "tool.list": ("x",),
    "command.list": ("x",),
    "command.run": ("name", "args"),
    "ui.set": ("ops", "area", "key", "value"),
    "ui.notify": ("message", "level"),
    "ui.dialog": (
        "kind",
        "title",
        "message",
        "options",
        "placeholder",
        "prefill",
        "timeout_ms",
        "frame",
        "overlay",
    ),
    "bus.emit": ("name", "data"),
    "bus.listen": ("names",),
    "env.get": ("name",),
    "env.list": ("x",),
    "http.request": (
        "url",
        "method",
        "headers",
        "body",
        "body_base64",
        "timeout_ms",
        "redirect",
    ),
    "http.read": ("id", "stream"),
    "http.cancel": ("id",),
    "fs.read": ("path", "offset", "length", "text", "id"),
    "fs.stat": ("path", "id"),
    "fs.lstat": ("path",),
    "fs.list": ("path",),
    "fs.exists": ("path",),
    "fs.realpath": ("path",),
    "fs.readlink": ("path",),
    "fs.access": ("path", "mode"),
    "fs.open": ("path", "read", "write", "create", "mode"),
    "fs.write": ("path", "text", "data", "how", "mode", "offset"),
    "fs.truncate": ("path", "size"),
    "fs.sync": ("path", "id"),
    "fs.chmod": ("path", "mode"),
    "fs.utimes": ("path", "atime", "mtime"),
    "fs.mkdir": ("path", "recursive", "mode"),
    "fs.mkdtemp": ("prefix",),
    "fs.symlink": ("target", "path"),
    "fs.copy": ("from", "to", "exclusive"),
    "fs.remove": ("path", "what", "recursive"),
    "fs.rename": ("from", "to"),
    "exec.run": (
        "command",
        "args",
        "cwd",
        "env",
        "input",
        "input_base64",
        "timeout_ms",
        "max_bytes",
    ),
    "exec.start": ("command", "args", "cwd", "env"),
    "exec.read": ("id", "stream"),
    "exec.write": ("id", "data", "data_base64"),
    "exec.close_stdin": ("id",),
    "exec.kill": ("id", "signal"),
    "exec.wait": ("id",),
    "kv.load": ("x",),
    "kv.set": ("key", "value"),
    "kv.delete": ("key",),
}


def shapes(name: str) -> list[str]:
    """Objects with each field of *name* in each wrong shape, alone and inside lists."""
    fields = FIELDS[name]
    made = ["{}"]
    for field in fields:
        for value in VALUES:
            made.append(f'{{"{field}":{value}}}')
            made.append(f'{{"{field}":[{value}]}}')
            made.append(
                f'{{"{field}":[{{"name":{value},"description":{value},"parameters":{value},"tier":{value}}}]}}'
            )
            if len(fields) > 1:
                rest = ",".join(f'"{other}":"o"' for other in fields if other != field)
                made.append(f'{{"{field}":{value},{rest}}}')
    return made


def test_every_row_has_its_wrong_arguments_here() -> None:
    """A row that is added to the table needs a line in FIELDS."""
    assert set(FIELDS) == set(ASKS) | set(TELLS)


@pytest.mark.parametrize("name", sorted(TELLS))
def test_a_cast_of_any_shape_harms_nobody(stage: Stage, name: str) -> None:
    """What the handler cannot use it ignores; nothing is raised at the host, and the event has its answer."""
    worker = stage.load()
    for text in shapes(name):
        waiting, id_ = stage.deliver(worker)
        worker.cast(name, text, call=id_)
        worker.cast("registry", REGISTRY)  # in case that took back its own registrations
        worker.cast("timer", '{"in_ms":null}')  # in case that wants to be woken
        worker.result(id_)
        assert stage.run(waiting).results[0].status is Status.ANSWERED

    assert stage.honest_answers()
    assert worker.exit is None


@pytest.mark.parametrize("name", sorted(ASKS))
def test_a_hostcall_of_any_shape_is_answered(stage: Stage, name: str) -> None:
    """With a value or with an error; never not at all."""
    worker = stage.load()
    flags = FLAG_SYNC if ASKS[name].sync else 0
    for at, text in enumerate(shapes(name), 1):
        waiting, id_ = stage.deliver(worker)
        worker.hostcall(at, name, text, call=id_, flags=flags)
        if not flags:
            worker.end()
        stage.until(lambda: worker.has(ANSWER))
        answer = worker.take(ANSWER)
        assert answer[1] == at
        assert answer[2] in (1, 2)
        worker.result(id_)
        assert stage.run(waiting).results[0].status is Status.ANSWERED

    assert stage.honest_answers()
    assert worker.exit is None


@pytest.mark.parametrize(
    ("name", "args", "flags", "code"),
    [
        ("fs.readText", "{}", 0, "E_UNKNOWN"),
        ("", "{}", 0, "E_UNKNOWN"),
        ("log", "{}", 0, "E_UNKNOWN"),
        ("kv.set", '{"key":"k","value":1}', FLAG_SYNC, "E_INVALID"),
        ("kv.load", "{}", 0, "E_INVALID"),
        ("kv.set", "[]", 0, "E_INVALID"),
        ("kv.set", "{", 0, "E_INVALID"),
        ("kv.set", '{"a":' * 4000, 0, "E_INVALID"),
        ("kv.set", "", 0, "E_INVALID"),
    ],
)
def test_a_hostcall_that_is_none_gets_an_error_it_can_catch(
    stage: Stage, name: str, args: str, flags: int, code: str
) -> None:
    """By its stable code, and the worker lives: a plugin reaches this with a typo."""
    worker = stage.load()
    _, id_ = stage.deliver(worker)

    worker.hostcall(1, name, args, call=id_, flags=flags)
    if not flags:
        worker.end()
    stage.until(lambda: worker.has(ANSWER))

    assert worker.inbox[-1][2] == 2
    assert f'"{code}"' in str(worker.inbox[-1][3])
    assert worker.exit is None
