"""The permission modes that are set in one workspace: for all of it, and for single sessions."""

import contextlib
from typing import Final

from host.config import Config
from host.errors import InputError
from policies.gate import MODES, PermissionMode
from policies.gate_order import is_within

_MAX_SESSIONS: Final = 4096


def read_mode(mode: str) -> PermissionMode:
    """Return the permission mode called *mode*; raises InputError."""
    for known in MODES:
        if known == mode:
            return known
    raise InputError(f"unknown permission mode {mode!r}; one of {', '.join(MODES)}")


class PermissionModes:
    """See the module's text."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.default: PermissionMode = config.permission_mode
        """Of every session that has none of its own."""
        self._of: dict[str, PermissionMode] = {}

    def of(self, session_id: str) -> PermissionMode:
        """Return the permission mode that the gate decides in for that session."""
        return self._of.get(session_id, self.default)

    def set(self, mode: str, session_id: str = "") -> None:
        """Change the permission mode, of one session if one is named; the next decision of the gate is made in it.

        Raises :class:`InputError` for a word that is none, and for a mode that exceeds the ceiling of this machine.
        """
        found = read_mode(mode)
        ceiling = self._config.ceiling
        if ceiling is not None and "permission_mode" in ceiling.model_fields_set:
            bound = ceiling.permission_mode
            if not is_within(found, bound):
                where = ceiling.source_of("permission_mode")
                raise InputError(
                    f"permission mode {found} exceeds the ceiling, {bound} ({where})"
                )
        if not session_id:
            self.default = found
            return
        self._of.pop(session_id, None)
        while len(self._of) >= _MAX_SESSIONS:
            del self._of[next(iter(self._of))]
        self._of[session_id] = found

    def take_over(self, other: "PermissionModes") -> None:
        """Go on in the modes that were set in *other*, as far as they may be set here."""
        is_as_configured = other.default == other._config.permission_mode  # noqa: SLF001 - of this class
        live = {} if is_as_configured else {"": other.default}
        for session_id, mode in (live | other._of).items():  # noqa: SLF001 - of this class
            with contextlib.suppress(InputError):  # the ceiling is lower now
                self.set(mode, session_id)

    def forget(self, session_id: str) -> None:
        """The session is over."""
        self._of.pop(session_id, None)
