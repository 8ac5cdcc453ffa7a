"""Which plugin has which key: the first in the order of plugins; the others are told who has it.

An entry of the area ``keymap`` holds ``conflict``, the name of the plugin whose binding goes before, or null.
"""

from typing import TYPE_CHECKING

from host.outcome import JsonObject

if TYPE_CHECKING:
    from host.view.model import Key, View


class Bindings:
    """The keys of one view."""

    def __init__(self, view: "View") -> None:
        self._view = view

    def refresh(self) -> None:
        """Say anew which bindings are in conflict: one changed, or the order of plugins did."""
        taken: dict[str, list[Key]] = {}
        for key in self._in_order():
            earlier = next(
                (one for one in taken.get(key[3], ()) if one[1] in ("", key[1]) or not key[1]),
                None,
            )
            taken.setdefault(key[3], []).append(key)
            value = self._view.get(key)
            conflict = earlier[0] if earlier is not None and earlier[0] != key[0] else None
            if isinstance(value, dict) and value.get("conflict") != conflict:
                changed: JsonObject = {**value, "conflict": conflict}
                self._view.put(key, changed, self._view.owner_of(key))

    def of(self, key: str, session: str) -> "list[Key]":
        """Return the bindings of *key* that *session* has, the one that is tried first in front."""
        return [one for one in self._in_order() if one[3] == key and one[1] in ("", session)]

    def _in_order(self) -> "list[Key]":
        order = {part.shown_as: at for at, part in enumerate(self._view.workspace.parts())}
        keys = [key for key in self._view.keys("keymap") if key[0] in order]
        return sorted(keys, key=lambda key: order[key[0]])
