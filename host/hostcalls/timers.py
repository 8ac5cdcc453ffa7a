"""Timers live in the host: a worker's only wait is a blocking read, so it asks to be woken."""

from typing import TYPE_CHECKING, Final

from host.outcome import Json

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance

_MIN_MS: Final = 1
_MAX_MS: Final = 2**31


def set_wake_up(instance: "Instance", _: "Call | None", args: dict[str, Json]) -> None:
    """``{"in_ms": number | null}``: the one earliest time the worker wants to be woken; null for never."""
    in_ms = args.get("in_ms")
    if isinstance(in_ms, int | float) and not isinstance(in_ms, bool):
        # Not below 1 ms: a timer that re-arms itself at once must not become a busy loop of ours.
        # Bounded before it is divided: JSON holds integers that no float does.
        instance.wake_in(min(max(in_ms, _MIN_MS), _MAX_MS) / 1000)
    else:
        instance.wake_in(None)
