"""Whether the audit can be kept: what a host would meet at its start, found without making anything."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from host.doctor.rows import Row, State
from host.errors import AuditError
from host.trail.files import open_file
from host.trail.key import exposure, read_key
from host.trail.place import place_of

if TYPE_CHECKING:
    from host.config import Config

_ELSEWHERE: Final = (
    "make it writable, or name another file in JCODE_PLUGIN_AUDIT_PATH or [plugin.audit] path"
)


def check_trail(home: Path, config: "Config", env: Mapping[str, str]) -> Row:
    """Return the row about the log on disk. Whether it is what was written takes ``audit --verify``."""
    if not config.audit.enable:
        return Row(
            "audit", "note", "kept in memory only", "set enable = true under [plugin.audit]"
        )
    place = place_of(home, config.audit.path, env)
    # Who cannot keep it either does not start, or goes on without a record.
    is_strict = config.fail_closed or config.profile == "hardened"
    state: State = "bad" if is_strict else "warn"
    try:
        for path in (place.log, place.lock):
            _check_file(path)
        if os.path.lexists(place.key):
            read_key(place.key)
            exposed = exposure(place.key)
            if exposed is not None:
                return Row("audit", state, exposed, f"chmod 600 {place.key}")
    except AuditError as error:
        return Row("audit", state, str(error), "see there")
    except OSError as error:
        return Row("audit", state, f"{error.filename}: {error.strerror}", _ELSEWHERE)
    there = "" if place.log.exists() else " (not there yet; made when it is needed)"
    return Row("audit", "ok", f"{place.log}{there}; check it with jcode-plugin audit --verify")


def _check_file(path: Path) -> None:
    """Raise OSError unless *path* can be appended to, or made."""
    if os.path.lexists(path):
        os.close(open_file(path, os.O_RDWR | os.O_APPEND))
        return
    directory = path.parent
    while not os.path.lexists(directory):
        directory = directory.parent
    os.listdir(directory)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(0, "cannot be written", str(directory))
