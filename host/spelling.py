"""Names as somebody spelt them: which event was meant, and what an unknown name may stand for."""

import difflib
from collections.abc import Iterable
from typing import Final

from host.errors import InputError
from host.events import BY_NAME, PluginEvent

_NUMBERS: Final = frozenset(int(event) for event in PluginEvent)


def read_event(name: object) -> PluginEvent:
    """Return the event called *name*, or the one of that number; raises InputError with the nearest names."""
    if isinstance(name, str):
        event = BY_NAME.get(name)
        if event is not None:
            return event
        raise InputError(f"unknown event {name!r}{nearest(name, BY_NAME)}")
    if type(name) is int and name in _NUMBERS:
        return PluginEvent(name)
    last = max(_NUMBERS)
    raise InputError(f"unknown event {name!r}: events are 0..{last} without 11, or their names")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return what follows a message about the unknown *name*: those of *known* that it may stand for, if any."""
    by_lower = {one.lower().replace("_", ""): one for one in known}
    close = difflib.get_close_matches(name.lower().replace("_", ""), by_lower, 3, 0.5)
    return f"; did you mean {' or '.join(by_lower[one] for one in close)}?" if close else ""
