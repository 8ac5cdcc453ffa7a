"""What a plugin may do with each event, and where that was decided."""

from collections.abc import Mapping
from typing import Final

from host.events import FIELDS, PluginEvent, Right

Rights = Mapping[PluginEvent, frozenset[Right]]

HAND_LOADED: Final[frozenset[Right]] = frozenset({"observe", "veto", "rewrite"})
"""Loading a plugin by one's own hand is consent to its registrations; never to ``decide``, which would be a
silent approval."""


def hand_loaded(extra: Mapping[PluginEvent, frozenset[Right]] | None = None) -> Rights:
    """Rights of a plugin that a person named; *extra* replaces them event by event."""
    rights = dict.fromkeys(FIELDS, HAND_LOADED)
    if extra:
        rights.update(extra)
    return rights
