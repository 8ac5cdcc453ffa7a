"""Every message of the wire, one row each.

Promises    A kind that is not a row, a field of another type, or a row sent by the wrong side is a
            protocol violation. Reviewers audit rows; tests walk them.
Elsewhere   Bytes to values: ``codec.py``. Who may send what *when*: the two sides' own state.
"""

from typing import Final

from ipc.errors import FrameError
from ipc.limits import MAX_ID

PROTOCOL_VERSION: Final = 1

# Host to worker.
LOAD: Final = 1
EVENT: Final = 2
TOOL: Final = 3
COMMAND: Final = 4
CANCEL: Final = 5
ANSWER: Final = 6
WAKE: Final = 7
PUSH: Final = 8
RESUME: Final = 9
BUILD: Final = 10

# Worker to host.
HELLO: Final = 64
RESULT: Final = 65
HOSTCALL: Final = 66
CAST: Final = 67
END: Final = 68
YIELD: Final = 69

# Host and zygote, on their own socket.
SPAWN: Final = 128
SPAWNED: Final = 129
EXITED: Final = 130
SPAWN_FAILED: Final = 131

STATUS_CONTINUE: Final = 0
STATUS_VALUE: Final = 1
STATUS_ERROR: Final = 2

FLAG_ENTRY_ENDED: Final = 1
"""On RESULT: the entry that the host delivered last has ended, nothing is left to run."""
EXTRA_DIRECTORY: Final = 1
"""On SPAWN: after the two of the channel rides the one directory that a builder reads."""
EXTRA_CGROUP: Final = 2
"""On SPAWN: last rides the ``cgroup.procs`` into which the child writes itself."""
FLAG_SYNC: Final = 1
"""On HOSTCALL: the worker reads nothing but its answer until it arrives."""

UINT: Final = int
TEXT: Final = str

_Shape = tuple[type, ...]

FROM_HOST: Final[dict[int, tuple[str, _Shape]]] = {
    LOAD: ("LOAD", (UINT, UINT, TEXT, TEXT)),  # id, budget_ms, header JSON, script
    EVENT: ("EVENT", (UINT, UINT, UINT, TEXT, TEXT)),  # id, budget_ms, event, payload, context
    TOOL: ("TOOL", (UINT, UINT, TEXT)),  # id, budget_ms, request JSON
    COMMAND: ("COMMAND", (UINT, UINT, TEXT)),  # id, budget_ms, request JSON
    CANCEL: ("CANCEL", (UINT,)),  # id of a call
    ANSWER: ("ANSWER", (UINT, UINT, TEXT)),  # id of a hostcall, status, JSON
    WAKE: ("WAKE", ()),
    PUSH: ("PUSH", (TEXT,)),  # JSON with a topic
    RESUME: ("RESUME", ()),
    BUILD: ("BUILD", (UINT, UINT, TEXT)),  # id, budget_ms, request JSON; builders only
}

FROM_WORKER: Final[dict[int, tuple[str, _Shape]]] = {
    HELLO: ("HELLO", (UINT, TEXT, TEXT)),  # protocol version, engine, layers JSON
    RESULT: ("RESULT", (UINT, UINT, UINT, TEXT)),  # id, status, flags, JSON
    HOSTCALL: (
        "HOSTCALL",
        (UINT, UINT, UINT, TEXT, TEXT),
    ),  # id, call id or 0, flags, name, args
    CAST: ("CAST", (UINT, TEXT, TEXT)),  # call id or 0, name, args
    END: ("END", (UINT,)),  # 0: the delivered entry has ended; else: the CANCEL of that call
    YIELD: ("YIELD", ()),
}

CONTROL: Final[dict[int, tuple[str, _Shape]]] = {
    # token, heap KiB, data KiB, niceness, descriptors, required layers, extras; two to four descriptors ride along
    SPAWN: ("SPAWN", (UINT, UINT, UINT, UINT, UINT, UINT, UINT)),
    SPAWNED: ("SPAWNED", (UINT, UINT)),  # token, pid; a pidfd rides along
    EXITED: ("EXITED", (UINT, UINT, UINT)),  # token, exit code, signal
    SPAWN_FAILED: ("SPAWN_FAILED", (UINT, TEXT)),  # token, reason
}

Message = list[int | str]
"""A decoded message: the kind, then its fields in the order of its row."""


def check(message: Message, table: dict[int, tuple[str, _Shape]]) -> None:
    """Raise :class:`FrameError` unless *message* is a row of *table*, field for field.

    Integers must lie within 0..2^31-1; ``True`` is not an integer here.
    """
    row = table.get(message[0]) if message and type(message[0]) is int else None
    if row is None:
        raise FrameError("E_KIND", "no such message for this side to send")
    name, shape = row
    if len(message) != len(shape) + 1:
        raise FrameError("E_SHAPE", f"{name} takes {len(shape)} fields, not {len(message) - 1}")
    for index, expected in enumerate(shape, 1):
        value = message[index]
        if type(value) is not expected:
            raise FrameError("E_SHAPE", f"field {index} of {name} is not {expected.__name__}")
        if expected is int and not 0 <= value <= MAX_ID:  # type: ignore[operator]  # an int, by the line above
            raise FrameError("E_RANGE", f"field {index} of {name} is outside 0..{MAX_ID}")
