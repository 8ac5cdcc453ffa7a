"""QuickJS, wrapped so that only flat strings and small integers cross.

Promises    No object of a plugin ever reaches Python, and no exception of a plugin does: the bootstrap
            catches everything inside JavaScript. The callables given to JavaScript never raise.
Relies on   ``worker/js`` for all that a plugin sees; knows nothing of pipes (see ``loop.py``).
            The bootstrap is evaluated once, in the zygote: it draws no entropy and reads no clock.
"""

import os
from _blake2 import blake2b
from typing import Final, Protocol

import _quickjs

from ipc.events import describe
from worker.digests import derive, digest
from worker.lazy import read_lazy
from worker.zone import host_zone

OP_LOAD: Final = 0
OP_EVENT: Final = 1
OP_TOOL: Final = 2
OP_COMMAND: Final = 3
OP_ANSWER: Final = 4
OP_WAKE: Final = 5
OP_CANCEL: Final = 6
OP_PUSH: Final = 7

_JS_DIR: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "js")


class Outlet(Protocol):
    """Where JavaScript's calls go."""

    def send(self, kind: int, id_: int, n: int, name: str, text: str) -> None:
        """Take a RESULT (1), HOSTCALL (2) or CAST (3) without waiting."""

    def sync(self, n: int, name: str, text: str) -> str:
        """Make a hostcall and wait; one status character, then JSON."""


def bootstrap_source() -> str:
    """Return all of ``worker/js`` as one strict function expression, in name order."""
    parts = []
    for name in sorted(os.listdir(_JS_DIR)):
        if name.endswith(".js"):
            with open(os.path.join(_JS_DIR, name), encoding="utf-8") as file:
                parts.append(file.read())
    return (
        "(function (__py, __events) {\n'use strict';\n"
        + "\n".join(parts)
        + "\nreturn enter;\n})"
    )


def _json_text(value: object) -> str:
    """JSON for the event table: strings without escapes, ints, lists and dicts of them.

    The json module would bring ``re`` into every worker for this one use.
    """
    if isinstance(value, dict):
        return (
            "{" + ",".join(f'"{key}":{_json_text(item)}' for key, item in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(_json_text(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


class Engine:
    """One JavaScript context with the bootstrap in it and no plugin yet."""

    def __init__(self) -> None:
        self.outlet: Outlet | None = None
        self._seed = b""
        self._drawn = 0
        self._lazy = read_lazy()
        context = _quickjs.Context()
        context.add_callable("__send", self._send)
        context.add_callable("__sync", self._sync)
        context.add_callable("__entropy", self._entropy)
        context.add_callable("__size", self._size)
        context.add_callable("__text", self._text)
        context.add_callable("__heap", self._heap)
        context.add_callable("__digest", self._digest)
        context.add_callable("__derive", self._derive)
        context.set("__machine", os.uname().machine)
        context.set("__events", _json_text(describe()))
        context.set("__source", bootstrap_source())
        context.set("__zone", host_zone())
        self.enter = context.eval(
            """(function () {
            const g = globalThis, take = (name) => { const v = g[name]; delete g[name]; return v; };
            const py = { __proto__: null, send: take("__send"), sync: take("__sync"), entropy: take("__entropy"), size: take("__size"), text: take("__text"),
                heap: take("__heap"), machine: take("__machine"), zone: take("__zone"),
                digest: take("__digest"), derive: take("__derive") };
            const events = take("__events"), source = take("__source");
            return (0, eval)(source)(py, events);
            })()"""
        )
        self.run_job = context.execute_pending_job
        self._context = context

    def start(self, seed: bytes, heap_bytes: int) -> None:
        """Give this process its own randomness and its memory limit; once, after the fork."""
        self._seed = seed
        self._context.set_memory_limit(heap_bytes)

    def heap_bytes(self) -> int:
        """Bytes that the JavaScript heap holds now (walks the heap: not for the hot path)."""
        return int(self._context.memory()["malloc_size"])

    # The five below are called from JavaScript. An exception would leave the binding with a pending
    # error and break a later call, so each is total.

    def _send(self, kind: int, id_: int, n: int, name: str, text: str) -> None:
        try:
            self.outlet.send(int(kind), int(id_), int(n), name, text)  # type: ignore[union-attr]
        except BaseException:  # noqa: BLE001 - see above; without its channel a worker has no purpose
            os._exit(71)

    def _sync(self, n: int, name: str, text: str) -> str:
        try:
            return self.outlet.sync(int(n), name, text)  # type: ignore[union-attr]
        except BaseException:  # noqa: BLE001 - as above
            os._exit(71)

    def _size(self, text: str) -> int:
        """Return the bytes of *text* in UTF-8, for a size limit."""
        try:
            return min(len(text.encode()), 2**31 - 1)
        except (UnicodeEncodeError, MemoryError):
            return 2**31 - 1

    def _heap(self) -> int:
        """Return the heap in KiB, rounded up to 64: what it says of other memory is nothing."""
        try:
            return (self.heap_bytes() // 65536 + 1) * 64
        except Exception:  # noqa: BLE001 - see above
            return 0

    def _text(self, name: str) -> str:
        """Return the source of a part of the runtime that is evaluated when it is needed."""
        return self._lazy.get(name, "")

    def _digest(self, name: str, data: str) -> str:
        """Return a digest in hex (``digests.py``)."""
        return digest(name, data)

    def _derive(self, name: str, password: str, salt: str, rounds: int, length: int) -> str:
        """Return a derived key in hex (``digests.py``)."""
        return derive(name, password, salt, int(rounds), int(length))

    def _entropy(self, count: int) -> str:
        """Return *count* (at most 65536) bytes in hex, from BLAKE2b keyed with this worker's seed.

        After the lockdown there is no getrandom; a keyed counter is as good as its 32-byte key.
        """
        wanted = min(max(int(count), 0), 65536)
        out = []
        got = 0
        while got < wanted:
            self._drawn += 1
            out.append(blake2b(self._drawn.to_bytes(8, "big"), key=self._seed).hexdigest())
            got += 64
        return "".join(out)[: wanted * 2]
