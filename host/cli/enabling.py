"""``kill``, ``disable`` and ``enable``: a person's word about a plugin, for hosts that run and for all that start later."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from host.audit import AuditRing, Kind, printable
from host.cli.known import known_names, refuse_unknown
from host.cli.session import read_config, warn
from host.cli.show import print_json
from host.config import Config
from host.errors import AuditError, InputError, InstallError
from host.install.store import Store
from host.off import MAX_NAME_CHARS, OffFile, Word, entry
from host.orders import Orders
from host.quarantine import Quarantine
from host.trail.opening import start_trail
from policies.switches import ALL

_DONE: Final = {"kill": "killed", "disable": "disabled"}
_SOON: Final = "hosts that run stop it within a second, or when they are next called"


def run_off(
    word: Word, name: str | None, *, everything: bool, force: bool, as_json: bool
) -> int:
    """Switch off the plugin *name*, or all; return the exit code."""
    config, home = read_config()
    if (name is None) is not everything or (name is not None and name.upper() == ALL):
        raise InputError(
            f"name one plugin, or all of them: jcode-plugin {word} NAME or kill --all"
        )
    if name is not None and not force:
        refuse_unknown(name, config, home, f"jcode-plugin {word} {printable(name)}")
    if name is not None and not 0 < len(name) <= MAX_NAME_CHARS:
        raise InputError(f"a name has 1 to {MAX_NAME_CHARS} characters")
    with OffFile(home).changing() as off:
        was_off = (off.all if name is None else off.plugins.get(name)) is not None
        if name is None:
            off.all = off.all or entry(word)
        elif not was_off or word == "kill":
            off.plugins[name] = entry(word)
    if name is not None and word == "disable":
        _mark_installed(home, name, enabled=False)
    shown = "--all" if name is None else name
    with _audit(config, home) as audit:
        told = f"jcode-plugin {word} {shown}: {'plugins are' if name is None else f'{name} is'} off"
        audit.record(Kind.SWITCH, plugin=name or "", code="on", detail=told)
    if as_json:
        print_json(
            {
                "ok": True,
                "error": None,
                _DONE[word]: name,
                "all": everything,
                "was_off": was_off,
            }
        )
    else:
        what = "all plugins are" if name is None else f"{printable(name)} is"
        print(
            f"{what} off{' (already before)' if was_off else ''}: {_SOON}; to have "
            f"{'them' if name is None else 'it'} back: jcode-plugin enable {printable(shown)}"
        )
    return 0


def run_enable(name: str | None, *, everything: bool, as_json: bool) -> int:
    """Lift what keeps the plugin *name* off, or what keeps all off; return the exit code."""
    config, home = read_config()
    if (name is None) is not everything:
        raise InputError(
            "name one plugin, or all of them: jcode-plugin enable NAME or enable --all"
        )
    lifted = _lift_all(home) if name is None else _lift(config, home, name)
    left = OffFile(home).read()
    with _audit(config, home) as audit:
        told = f"jcode-plugin enable {name or '--all'}: lifted {', '.join(lifted) or 'nothing'}"
        audit.record(Kind.ENABLED, plugin=name or "", code="enabled", detail=told)
    if name is not None:
        Orders(home).give("enable", name)  # to hosts in which it is blocked
    still = ["--all"] if left.all is not None else []
    still += [] if name is not None else sorted(left.plugins)
    if as_json:
        print_json(
            {
                "ok": True,
                "error": None,
                "enabled": name,
                "all": everything,
                "lifted": [*lifted],
                "still_off": [*still],
            }
        )
        return 0
    if not lifted and name is not None:
        print(
            f"{printable(name)} is not off; hosts that run were told to start it again where it failed too often"
        )
        return 0
    print(f"{'plugins' if name is None else printable(name)} may run again")
    if still and name is not None:
        warn("all plugins are off, this one with them: jcode-plugin enable --all")
    elif still:
        warn(f"still off, each by its own name: {', '.join(map(printable, still))}")
    return 0


def _lift_all(home: Path) -> list[str]:
    with OffFile(home).changing() as off:
        if off.all is None:
            named = ", ".join(map(printable, sorted(off.plugins)))
            known = f"; these are off by name: {named}" if named else ""
            raise InputError(f"kill --all is not in force{known}")
        off.all = None
    return ["kill --all"]


def _lift(config: Config, home: Path, name: str) -> list[str]:
    lifted: list[str] = []
    with OffFile(home).changing() as off:
        found = off.plugins.pop(name, None)
        known = {*off.plugins}
        if found is not None:
            lifted.append(found.by)
    if _mark_installed(home, name, enabled=True) and "disable" not in lifted:
        lifted.append("disable")
    quarantine = Quarantine(home)
    known |= {*quarantine.names()}
    if quarantine.lift(name):
        lifted.append("violation")
    if not lifted and name not in known_names(
        config, home
    ):  # else a host that runs may have stopped it
        listed = (
            f"; these are off: {', '.join(map(printable, sorted(known)))}"
            if known
            else "; no plugin is"
        )
        raise InputError(f"{printable(name)} is not off{listed}")
    return lifted


def _mark_installed(home: Path, name: str, *, enabled: bool) -> bool:
    """Whether the record of an installed plugin said otherwise."""
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


@contextmanager
def _audit(config: Config, home: Path) -> Iterator[AuditRing]:
    """The record on disk, without a host. What was switched is switched, whether it can be written or not."""
    ring = AuditRing(8)
    try:
        trail = start_trail(ring, config, home, os.environ)
    except AuditError as error:
        warn(f"this is not in the audit: {printable(str(error))}")
        yield ring
        return
    try:
        yield ring
    finally:
        if trail is not None:
            trail.close()
