"""Which plugins a person may mean by a name, without anything of them being built or run."""

from collections.abc import Iterator
from pathlib import Path

from host.audit import printable
from host.build import find_entry
from host.config import Config
from host.discovery import discover
from host.errors import InputError, InstallError, OffError, PluginLoadError
from host.install.store import Store
from host.off import OffFile
from host.quarantine import Quarantine
from host.spelling import nearest


def known_names(config: Config, home: Path) -> list[str]:
    """Return every name that is known here: found, installed, or off already."""
    return sorted(set(_names(config, home)))


def _names(config: Config, home: Path) -> Iterator[str]:
    for found in discover(config, home, Path.cwd()).found:
        try:
            entry = find_entry(found.path, found.must_be())
        except PluginLoadError:
            continue
        yield from (
            name for name in (found.name, entry.name, entry.package.package_name) if name
        )
    try:
        yield from Store(home).read()
        yield from OffFile(home).read().plugins
    except (InstallError, OffError):
        pass  # told by whoever needs it
    yield from Quarantine(home).names()
    yield from config.plugins


def refuse_unknown(name: str, config: Config, home: Path, command: str) -> None:
    """Raise InputError unless *name* is known: one letter missed must not look like success."""
    known = known_names(config, home)
    if name not in known:
        raise InputError(
            f"no plugin named {printable(name)} is known here{nearest(name, known)}; nothing was changed. One that only "
            f"a running program or its own file calls so: {command} --force"
        )
