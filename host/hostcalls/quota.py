"""How much a plugin may ask of its host, and what becomes of one that asks for more.

Promises    What is counted belongs to the plugin, so neither more sessions nor a new worker bring more. A refusal says
            which limit it was and who raises it. It is audited when it is the first of its kind, then at 10, 100, ...
Threads     Bytes are counted from any; the rest in the reactor's turn.
Elsewhere   Messages of any kind, a second: ``host/channel.py``. Log lines: ``report.py``. Entries of kv: ``host/kv.py``.
"""

import threading
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from host.config.model import HOSTCALLS_PER_S

if TYPE_CHECKING:
    from host.plugin import Plugin
    from policies.modes import Mode

QuotaClass: TypeAlias = Literal["call", "bytes_written", "own_bytes", "none"]
"""What a hostcall counts as: one call; one call, and the bytes that it writes; those bytes alone, of what goes into the
plugin's own store; nothing."""

BURST_S: Final = 4.0
"""Hostcalls of so many seconds may come at once: a plugin that starts reads its files."""
WRITTEN_WITHIN_S: Final = 3600.0
"""The time in which ``max_bytes_written`` is what may be written."""
FLOOD_REFUSALS: Final = 20_000
FORGIVEN_PER_S: Final = 100
"""A plugin that was refused so often, less what is forgiven meanwhile, does not look at its answers."""
REFUSED_COSTS: Final = 1
"""What a refusal costs beside its message, in what a worker may send before it is not read for a while."""


class Bucket:
    """What was taken of something that comes back with time. The bound is an argument, as it may change."""

    __slots__ = ("_at", "_taken")

    def __init__(self) -> None:
        self._at = 0.0
        self._taken = 0.0

    def take(self, amount: float, now: float, *, most: float, back_per_s: float) -> bool:
        """Whether *amount* more is within *most*; if it is not, nothing is taken."""
        # Another thread may have looked at the clock later and come first.
        self._taken = max(0.0, self._taken - max(0.0, now - self._at) * back_per_s)
        self._at = max(self._at, now)
        if self._taken + amount > most:
            return False
        self._taken += amount
        return True


class Quota:
    """What one plugin has used. Monotonic times are arguments, in seconds."""

    def __init__(self, plugin: "Plugin") -> None:
        self._plugin = plugin
        self._calls = Bucket()
        self._bytes = Bucket()
        self._writing = threading.Lock()
        self._refusals = Bucket()
        self._refused: dict[str, int] = {}

    def take(self, of: QuotaClass, size: int, now: float) -> str | None:
        """Count a hostcall that writes *size* bytes; return why it is refused, if it is."""
        if of in ("call", "bytes_written"):
            per_s, raised_by = self.hostcalls_per_s()
            if not self._calls.take(1, now, most=per_s * BURST_S, back_per_s=per_s):
                return f"more than {per_s} hostcalls a second; {raised_by}"
        return self.write(size, now) if of in ("bytes_written", "own_bytes") else None

    def write(self, size: int, now: float) -> str | None:
        """Count *size* bytes that are to be written; return why they are not to be, if so. From any thread."""
        most, raised_by = self.bytes_written()
        with self._writing:
            if self._bytes.take(size, now, most=most, back_per_s=most / WRITTEN_WITHIN_S):
                return None
        return f"more than {most} bytes written within an hour; {raised_by}"

    def refuse(self, why: str, now: float) -> tuple[int, bool]:
        """Count a refusal; return how many there were for *why*, and whether this is a flood by now."""
        # A limit that changes now and then makes few texts, and one entry more is no harm.
        count = self._refused[why] = self._refused.get(why, 0) + 1
        is_flood = not self._refusals.take(
            1, now, most=FLOOD_REFUSALS, back_per_s=FORGIVEN_PER_S
        )
        if is_flood:
            self._refusals = Bucket()  # the next worker is judged by what it does itself
        return count, is_flood

    def bytes_written(self) -> tuple[int, str]:
        """Return how many bytes are the plugin's to write within an hour, and who raises that."""
        return self._lesser(
            "max_bytes_written",
            self._plugin.limits.max_bytes_written,
            self._plugin.spec.manifest.limits().max_bytes_written,
        )

    def hostcalls_per_s(self) -> tuple[int, str]:
        """Return how many hostcalls a second are the plugin's, and who raises that."""
        plugin = self._plugin
        stated = plugin.limits.max_hostcalls_per_sec
        if stated is None:
            # One instance may serve several projects: it gets what all of them give.
            users = plugin.users or [plugin.workspace]
            modes: set[Mode] = {workspace.snapshot.chain.mode for workspace in users}
            stated = min(HOSTCALLS_PER_S[mode] for mode in modes)
        return self._lesser(
            "max_hostcalls_per_sec",
            stated,
            plugin.spec.manifest.limits().max_hostcalls_per_sec,
        )

    def _lesser(self, key: str, operators: int, own: int | None) -> tuple[int, str]:
        if own is not None and own < operators:
            return own, f"its manifest says {key} = {own}"
        return operators, f'[plugin.plugins."{self._plugin.name}".limits] {key} raises it'
