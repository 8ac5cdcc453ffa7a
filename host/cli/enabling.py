"""``kill``, ``disable`` and ``enable``: a person's word about a plugin, for hosts that run and for all that start later."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from host.audit import AuditRing, Kind, printable
from host.cli.known import known_names, refuse_unknown
from host.cli.session import read_config, warn
from host.cli.show import print_json
from host.config import Config
from host.errors import AuditError, InputError
from host.lifting import lift, lift_all, mark_installed
from host.off import MAX_NAME_CHARS, OffFile, Word, entry
from host.orders import Orders
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
        mark_installed(home, name, enabled=False, warn=warn)
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
    lifted = (
        lift_all(home)
        if name is None
        else lift(home, name, is_known=lambda: name in known_names(config, home), warn=warn)
    )
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
