"""Timers live in the host: a worker's only wait is a blocking read, so it asks to be woken."""

from typing import TYPE_CHECKING, Final

from host.outcome import Json
from host.reactor import now_s

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance

AT_ONCE_PER_S: Final = 1000
_MIN_MS: Final = 1
_MAX_MS: Final = 2**31


def set_wake_up(instance: "Instance", _: "Call | None", args: dict[str, Json]) -> None:
    """``{"in_ms": number | null}``: the one earliest time the worker wants to be woken; null for never."""
    in_ms = args.get("in_ms")
    if isinstance(in_ms, int | float) and not isinstance(in_ms, bool):
        # What is due already, as when a thousand timers are due together, need not wait. One that re-arms itself at
        # once must not become a busy loop of ours, though: beyond a rate it waits for 1 ms.
        # Bounded before it is divided: JSON holds integers that no float does.
        least = 0 if in_ms < _MIN_MS and instance.wake_rate.take(now_s()) else _MIN_MS
        instance.wake_in(min(max(in_ms, least), _MAX_MS) / 1000)
    else:
        instance.wake_in(None)
