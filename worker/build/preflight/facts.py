"""The kinds of facts, and the names they are recognised by."""

from dataclasses import dataclass
from typing import Final, Literal

Rule = Literal[
    "eval",  # text that becomes code
    "function-constructor",  # the same, by another name
    "dynamic-import",  # a module that only the running program names
    "computed-access",  # a capability reached by a name that is put together
    "encoded-literal",  # a long literal beside what decodes it
    "prototype-tampering",  # a built-in changed for everybody
    "unavailable-global",  # a name of a browser or another runtime
    "command",  # what a call would run, as far as it is written out
    "use",  # of a capability
]

MAX_FACTS: Final = 200
"""Of one file. A file with more of them is known by its first ones."""
MAX_DETAIL_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a file does. ``offset`` is a byte of the code that was read.

    ``kind`` is the capability of a ``use``; ``detail`` is a name, a command, or the start of a literal.
    """

    rule: Rule
    offset: int
    detail: str
    kind: str = ""


MODULE_KINDS: Final[dict[str, str]] = {
    "fs": "fs",
    "fs/promises": "fs",
    "child_process": "shell",
    "worker_threads": "shell",
    "cluster": "shell",
    "http": "http_hosts",
    "https": "http_hosts",
    "http2": "http_hosts",
    "net": "http_hosts",
    "tls": "http_hosts",
    "dgram": "http_hosts",
    "dns": "http_hosts",
    "dns/promises": "http_hosts",
    "undici": "http_hosts",
    "node-fetch": "http_hosts",
    "axios": "http_hosts",
    "got": "http_hosts",
    "ws": "http_hosts",
    "execa": "shell",
    "cross-spawn": "shell",
    "node-pty": "shell",
    "zx": "shell",
    "shelljs": "shell",
    "fs-extra": "fs",
    "graceful-fs": "fs",
}
"""A package or built-in module -> the capability that using it needs. ``fs`` is reading and writing."""

SHELL_MODULES: Final = frozenset(name for name, kind in MODULE_KINDS.items() if kind == "shell")

GLOBAL_KINDS: Final[dict[str, str]] = {
    "fetch": "http_hosts",
    "WebSocket": "http_hosts",
    "EventSource": "http_hosts",
    "XMLHttpRequest": "http_hosts",
}

API_KINDS: Final[dict[str, str]] = {
    "exec": "shell",
    "http": "http_hosts",
    "fs": "fs",
    "env": "env",
    "llm": "llm",
    "callTool": "tools",
    "sendMessage": "session",
    "sendUserMessage": "session",
    "session": "session",
    "setConfig": "config_write",
}
"""A member of the plugin API -> its capability."""

API_GLOBALS: Final = frozenset({"pi", "jcode"})

UNAVAILABLE: Final = frozenset(
    {
        "document", "window", "localStorage", "sessionStorage", "indexedDB", "alert", "confirm", "prompt",
        "XMLHttpRequest", "WebSocket", "EventSource", "Worker", "SharedWorker", "importScripts", "Deno", "Bun",
        "WebAssembly", "requestAnimationFrame", "cancelAnimationFrame", "customElements", "HTMLElement",
        "MutationObserver", "caches",
    }
)  # fmt: skip
"""Names that no plugin will find. One that a file asks about with ``typeof`` is looked for, not relied on."""

BUILT_INS: Final = frozenset(
    {
        "Object", "Function", "Array", "String", "Number", "Boolean", "Symbol", "BigInt", "Promise", "Proxy",
        "Reflect", "JSON", "Math", "Date", "RegExp", "Map", "Set", "WeakMap", "WeakSet", "Error", "TypeError",
        "Iterator", "ArrayBuffer", "Uint8Array", "DataView", "console",
    }
)  # fmt: skip

GLOBAL_OBJECTS: Final = frozenset({"globalThis", "global", "window", "self"})

DECODERS: Final = frozenset(
    {"atob", "unescape", "decodeURIComponent", "fromCharCode", "fromCodePoint"}
)

DEFINERS: Final = frozenset(
    {"defineProperty", "defineProperties", "setPrototypeOf", "assign", "set", "deleteProperty"}
)

RUNNERS: Final = frozenset(
    {"exec", "execSync", "execFile", "execFileSync", "spawn", "spawnSync", "fork", "execa", "$"}
)

WATCHED: Final = frozenset(
    {"eval", "Function", "require", "process", "setTimeout", "setInterval", "setImmediate"}
    | GLOBAL_KINDS.keys()
    | API_GLOBALS
    | UNAVAILABLE
    | BUILT_INS
    | GLOBAL_OBJECTS
    | DECODERS
)
"""Names whose meaning depends on nothing nearer having the same name."""
