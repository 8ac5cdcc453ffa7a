"""Whose name is whose: no plugin goes by a name that another one has, or that a person would take for it.

Promises    What the user configured, and what is kept, for an installed plugin is reached by that plugin alone: its
            name is bound to the record of its installation, whatever other code calls itself.
Elsewhere   When two names are one: ``policies/identity.py``.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from host.discovery import path_of
from host.errors import InstallError, PluginLoadError
from host.install.store import Store
from host.plugin import Plugin
from host.plugin_spec import PluginSpec
from policies.identity import identity
from policies.plugin_name import RESERVED, slug


def names_of(spec: PluginSpec) -> tuple[str, ...]:
    """Return every name that *spec* stands for: the one it goes by and, if that is its own word, its others."""
    manifest = spec.manifest
    stated = () if spec.is_named else (manifest.package_name, manifest.title)
    return (spec.name, *(name for name in stated if name))


def refuse_taken(
    names: Iterable[str], place: Path, plugins: Iterable[Plugin], home: Path, *, installed: bool
) -> None:
    """Raise PluginLoadError (``E_DUPLICATE``) if what lies at *place* and goes by *names* may not be called so.

    *plugins* are those that are loaded; *installed*: it is what was installed under that name itself.
    """
    wanted = {identity(name): name for name in names}
    reserved = next((name for name in wanted.values() if slug(name) == RESERVED), None)
    if reserved is not None:
        raise PluginLoadError(
            "E_DUPLICATE", f"{place} calls itself {reserved}, which stands for every plugin"
        )
    for plugin in plugins:
        for name in names_of(plugin.spec):
            mine = wanted.get(identity(name))
            if mine is not None:
                raise _taken(mine, place, name, f"is already loaded from {plugin.spec.path}")
    if installed:
        return
    try:
        records = Store(home).read()
    except InstallError:
        return  # nothing installed runs then; told when it is looked for
    for record in records.values():
        package = record.id.partition(":")[2]
        mine = wanted.get(identity(record.name)) or wanted.get(identity(package))
        if mine is None:
            continue
        where = path_of(home, record)
        if record.origin.type == "link" and os.path.realpath(where) == os.path.realpath(place):
            continue  # the same files, by hand
        raise _taken(
            mine, place, record.name, f"is installed, from {record.origin.spec} in {where}"
        )


def _taken(name: str, place: Path, other: str, where: str) -> PluginLoadError:
    alike = "" if name == other else f" (which reads like {name})"
    return PluginLoadError(
        "E_DUPLICATE",
        f"{place} calls itself {name}, and a plugin named {other}{alike} {where}",
    )
