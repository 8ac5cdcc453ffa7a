"""Names of the rows and figures that are referred to from elsewhere, spelled once."""

from typing import Final, Literal

Api = Literal["blocking", "asyncio"]

FLOOR_PINNED: Final = "pipe floor, pinned"
FLOOR_UNPINNED: Final = "pipe floor, unpinned"
FLOOR_IDLE: Final = "pipe floor, pinned, after 2 ms idle"

HOOK_BLOCKING: Final = "one hook, one plugin, blocking, pinned"
HOOK_ASYNCIO: Final = "one hook, one plugin, asyncio, pinned"
NOBODY_BLOCKING: Final = "event without a subscriber, blocking"
HAS_HANDLER: Final = "has_handler"
DAEMON_HELLO: Final = "daemon, a request that concerns no plugin"
DAEMON_DISPATCH: Final = "daemon, one hook, one plugin, a client that stays"
DAEMON_PROCESS: Final = "daemon, one hook, one plugin, a process for the event"
DECISION_REPEATED: Final = "capability decision, repeated"
DECISION_COLD: Final = "capability decision, never made before"
BESIDE_PLUGIN: Final = "one hook while another plugin spins"
BESIDE_PROGRAM: Final = "one hook while an unrelated program spins"
WORKER_READY: Final = "worker, fork to ready"
UNLOCKED_HOOK: Final = "one hook, one plugin, blocking, without the lockdown"
UNLOCKED_READY: Final = "worker, fork to ready, without the lockdown"
LOAD_SOURCE: Final = "load of 1 KB TypeScript from source"
LOAD_CACHED: Final = "load of 1 KB TypeScript, built before"
RELOAD_CHANGED: Final = "hot reload, changed"
RELOAD_UNCHANGED: Final = "hot reload, unchanged"
HANG_ANSWERED: Final = "hang: answer after the deadline"
HANG_GONE: Final = "hang: worker gone after the limit"
SWC_1K: Final = "SWC, 1 KB of TypeScript"
SWC_10K: Final = "SWC, 10 KB of TypeScript"
AUDIT_RECORD: Final = "audit append, as an event waits for it"
AUDIT_DISK: Final = "audit append, on disk, per entry of 32"
AUDIT_ONE: Final = "audit append, on disk, one entry alone"
HOSTCALL_IN_PLACE: Final = "hostcall, waited for in place"
HOSTCALL_LATER: Final = "hostcall, a promise"
KV_GET: Final = "pi.kv.get"
KV_SET: Final = "pi.kv.set, on the disk"
FS_READ_1K: Final = "pi.fs.readText, 1 KB"
FS_READ_1M: Final = "pi.fs.readText, 1 MB"
FETCH_1K: Final = "fetch, 1 KB from loopback, a connection each"
EXEC_TRUE: Final = "pi.exec, true"
EXEC_GIT: Final = "pi.exec, git --version"
UNPACK_OURS: Final = "unpack a package of 500 files"
UNPACK_TARFILE: Final = "unpack a package of 500 files, tarfile's filter for data"
TIMERS: Final = "timer of a thousand, each its own callback"

NODE_BLOCKING: Final = "Node child, JSON lines, blocking, pinned"
NODE_RAW: Final = "Node child, JSON lines, raw descriptors, pinned"
NODE_ASYNCIO: Final = "Node child, JSON lines, asyncio, pinned"
SH_HOOK: Final = "hook command: sh, pinned"
NODE_HOOK: Final = "hook command: node, pinned"

EMPTY_PYTHON: Final = "an empty Python interpreter"
SWITCHED_OFF: Final = "hook command: ours, switched off"

IDLE_USS: Final = "idle worker at 100 workers, USS"
IDLE_PSS: Final = "idle worker at 100 workers, PSS"


def fan_out(plugins: int, api: Api) -> str:
    """Return the name of the row with so many plugins; its samples are divided by their number."""
    return f"fan-out to {plugins}, per plugin, {api}"
