"""Output rights: what a plugin may do with an event, apart from seeing it.

A rewritten command is code run as the user and an ``allow`` is a silent approval, so each is a right of its
own, per event. An output without its right is dropped by the merge and written to the audit.
"""

from collections.abc import Mapping
from typing import Final, Literal

Right = Literal["observe", "veto", "rewrite", "decide"]
"""``observe``: be told. ``veto``: block, deny, prevent. ``rewrite``: change or add. ``decide``: allow."""

HAND_LOADED: Final[frozenset[Right]] = frozenset({"observe", "veto", "rewrite"})
"""Loading a plugin by one's own hand is consent to its registrations; never to ``decide``."""

FIELD_RIGHT: Final[dict[str, Right]] = {
    "block": "veto",
    "prevent": "veto",
    "cancel": "veto",
    "suppress": "veto",
    "message": "observe",
    "decision": "veto",  # "allow" needs decide; the merge looks at the value
    "modified_input": "rewrite",
    "modified_output": "rewrite",
    "modified_prompt": "rewrite",
    "modified_message": "rewrite",
    "additional_system_prompt": "rewrite",
    "messages": "rewrite",
    "system_prompt": "rewrite",
    "instructions": "rewrite",
    "reason": "rewrite",
}
"""The right that an output field needs, so that a result is judged field by field."""


class Rights:
    """The rights of one plugin: the same for every event, but for those named one by one."""

    __slots__ = ("_default", "_of_event")

    def __init__(
        self,
        default: frozenset[Right] = HAND_LOADED,
        of_event: Mapping[int, frozenset[Right]] | None = None,
    ) -> None:
        self._default = default
        self._of_event = dict(of_event or {})

    def of(self, event: int) -> frozenset[Right]:
        """Return what the plugin may do with event number *event*; empty means that it is not even told."""
        return self._of_event.get(event, self._default)
