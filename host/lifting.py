"""Taking back what keeps plugins off: a person's word, the record of what is installed, what went against its sandbox.

Elsewhere   What is off: ``off.py``, ``quarantine.py``, ``install/store.py``. Who is told of it: ``orders.py``.
"""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from host.audit import printable
from host.errors import InputError, InstallError
from host.install.store import Store
from host.off import OffFile
from host.quarantine import Quarantine


def lift_all(home: Path) -> list[str]:
    """Take back that all are off; return what was lifted. Raises InputError, OffError."""
    with OffFile(home).changing() as off:
        if off.all is None:
            named = ", ".join(map(printable, sorted(off.plugins)))
            known = f"; these are off by name: {named}" if named else ""
            raise InputError(f"kill --all is not in force{known}")
        off.all = None
    return ["kill --all"]


def lift(
    home: Path, name: str, *, is_known: Callable[[], bool], warn: Callable[[str], None]
) -> list[str]:
    """Take back whatever keeps the plugin *name* off; return what was lifted.

    Raises OffError, and InputError when nothing is and *name* is nobody's: else a host that runs may have stopped it.
    """
    lifted: list[str] = []
    with OffFile(home).changing() as off:
        found = off.plugins.pop(name, None)
        known = {*off.plugins}
        if found is not None:
            lifted.append(found.by)
    if mark_installed(home, name, enabled=True, warn=warn) and "disable" not in lifted:
        lifted.append("disable")
    quarantine = Quarantine(home)
    known |= {*quarantine.names()}
    if quarantine.lift(name):
        lifted.append("violation")
    if not lifted and not is_known():
        listed = (
            f"; these are off: {', '.join(map(printable, sorted(known)))}"
            if known
            else "; no plugin is"
        )
        raise InputError(f"{printable(name)} is not off{listed}")
    return lifted


def mark_installed(
    home: Path, name: str, *, enabled: bool, warn: Callable[[str], None]
) -> bool:
    """Have the record of an installed plugin say whether it is *enabled*; whether it said otherwise."""
    store = Store(home)
    try:
        if name not in store.read():
            return False
        with store.changing() as installed:
            plugin = installed.get(name)
            if plugin is None or plugin.enabled is enabled:
                return False
            installed[name] = replace(plugin, enabled=enabled)
    except InstallError as error:  # its switch is what counts
        warn(f"what is installed is not marked: {printable(str(error))}")
        return False
    return True
