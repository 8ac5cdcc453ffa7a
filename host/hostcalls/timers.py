"""Timers live in the host: a worker's only wait is a blocking read, so it asks to be woken."""

from typing import TYPE_CHECKING, Final

from host.outcome import Json

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance

_MIN_S: Final = 0.001
_MAX_S: Final = 2**31 / 1000


def set_wake_up(instance: "Instance", _: "Call | None", args: dict[str, Json]) -> None:
    """``{"in_ms": number | null}``: the one earliest time the worker wants to be woken; null for never."""
    in_ms = args.get("in_ms")
    if isinstance(in_ms, int | float) and not isinstance(in_ms, bool):
        # Not below 1 ms: a timer that re-arms itself at once must not become a busy loop of ours.
        instance.wake_in(min(max(in_ms / 1000, _MIN_S), _MAX_S))
    else:
        instance.wake_in(None)
