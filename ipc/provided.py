"""Packages that the runtime in a worker provides itself, as the builder and the installer both call them.

Promises    An import of one never reaches a file of the plugin, so none is ever fetched.
Elsewhere   What they are: ``worker/js``.
"""

from typing import Final

HOST_SCOPES: Final = (
    "@mariozechner/",
    "@earendil-works/",
    "@oh-my-pi/",
    "@opencode-ai/",
    "@swc/helpers/",
)
HOST_PACKAGES: Final = frozenset(
    {"typebox", "@sinclair/typebox", "jcode", "jcode-plugin", "undici"}
)
# fmt: off
NODE_BUILTINS: Final = frozenset({
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants",
    "crypto", "dgram", "diagnostics_channel", "dns", "domain", "events", "fs", "http",
    "http2", "https", "inspector", "module", "net", "os", "path", "perf_hooks", "process",
    "punycode", "querystring", "readline", "repl", "stream", "string_decoder", "sys",
    "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi",
    "worker_threads", "zlib",
})
# fmt: on
NODE_VERSION: Final = "20.0.0"
"""What a plugin reads as ``process.versions.node``."""


def is_provided(package: str) -> bool:
    """Whether an import of *package*, ``name`` or ``@scope/name``, is answered by the runtime, whatever is installed."""
    return (
        package in NODE_BUILTINS
        or package in HOST_PACKAGES
        or f"{package}/".startswith(HOST_SCOPES)
    )
