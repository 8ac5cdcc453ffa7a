"""What is installed: whether its files are there and are what was installed, and whether what it needs is at hand."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from host.audit import printable
from host.config import Config
from host.discovery import path_of
from host.doctor.rows import Row
from host.errors import InstallError
from host.install.npmrc import read_settings
from host.install.snapshots import Snapshots
from host.install.store import Store
from host.install.values import Installed, Release
from host.programs.lookup import find_program, sane_path
from host.signing.contents import ALONE, Place, place_of
from host.signing.examine import examine, today
from policies.signing import TrustedKey

_ENDS_SOON_DAYS: Final = 30
_SHOWN: Final = 3


def check_installed(home: Path, config: Config, variables: Mapping[str, str]) -> list[Row]:
    """Return rows about every installed plugin whose files are not as they should be, and one about all.

    Every file of every snapshot is read.
    """
    try:
        installed = Store(home).read()
    except InstallError as error:
        return [Row("installed plugins", "bad", str(error), "mend it, or move it away")]
    rows = [row for plugin in installed.values() for row in _files_of(home, plugin)]
    if config.require_signature != "off":
        rows += [
            row for plugin in installed.values() for row in _signature_of(home, plugin, config)
        ]
    told = f"{len(installed)}, every file as it was installed" if installed else "none"
    if rows:
        told = f"{len(installed)}, {len(rows)} not as they should be, below"
    rows.insert(
        0, Row("installed plugins", "warn" if rows else "ok", told, _SEE if rows else "")
    )
    return [*rows, *_sources(config, variables)]


_SEE: Final = "see the next rows"


def _files_of(home: Path, plugin: Installed) -> Iterator[Row]:
    if plugin.origin.type == "link":
        path = path_of(home, plugin)
        if not path.exists():
            yield Row(
                plugin.name,
                "bad" if plugin.enabled else "warn",
                f"a link to {path}, where nothing is",
                f"put it back, or jcode-plugin uninstall {plugin.name}",
            )
        return
    for release, is_current in ((plugin.current, True), (plugin.last_known_good, False)):
        if release is not None:
            yield from _snapshot_of(home, plugin, release, is_current=is_current)


def _snapshot_of(
    home: Path, plugin: Installed, release: Release, *, is_current: bool
) -> Iterator[Row]:
    wrong = Snapshots(home).verify(release.tree, release.files)
    if not wrong:
        return
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    told = f"{'; '.join(wrong[:_SHOWN])}{more}"
    if is_current:
        yield Row(
            plugin.name,
            "bad" if plugin.enabled else "warn",  # what is disabled does not run anyway
            told,
            f"to have it whole: jcode-plugin install {plugin.origin.spec}",
        )
    else:
        yield Row(
            plugin.name,
            "note",
            f"version {release.version}, which rollback would go back to: {told}",
            "nothing; the next update replaces it",
        )


def _signature_of(home: Path, plugin: Installed, config: Config) -> Iterator[Row]:
    path = path_of(home, plugin)
    if not plugin.enabled or not path.exists():
        return
    place = _place(path)
    found = examine(place, config.keys(), today())
    problem = found.problem
    if not problem and found.key is not None:
        problem = found.key.why_not_for(plugin.name)
    if problem:
        is_required = config.require_signature == "require"
        yield Row(
            plugin.name,
            "bad" if is_required else "warn",
            f"its signature does not hold: {printable(problem)}",
            "it is not loaded; have it signed, or uninstall it"
            if is_required
            else "have it signed",
        )


def _place(path: Path) -> Place:
    if not path.is_dir():
        return place_of(path.parent, path.name, is_directory=False)
    signed = [name[: -len(ALONE[1])] for name in os.listdir(path) if name.endswith(ALONE[1])]
    return place_of(path, signed[0] if len(signed) == 1 else "", is_directory=True)


def _sources(config: Config, variables: Mapping[str, str]) -> list[Row]:
    git = _program("git", variables)
    rows = [
        Row("git", "ok", git)
        if git
        else Row("git", "note", "not found", "install git, to install plugins from git")
    ]
    try:
        settings = read_settings(variables, configured=config.install.registry)
        registry = settings.registry
    except InstallError as error:
        return [
            *rows,
            Row("npm registry", "warn", str(error), "correct it, to install from npm"),
        ]
    if registry is not None:
        return [*rows, Row("npm registry", "ok", registry)]
    if _program("npm", variables):
        return [*rows, Row("npm registry", "ok", "the one that npm is configured for")]
    return [
        *rows,
        Row(
            "npm registry",
            "note",
            "none is configured, and there is no npm to ask",
            "to install from npm: registry under [plugin.install], NPM_CONFIG_REGISTRY, or ~/.npmrc",
        ),
    ]


def _program(name: str, variables: Mapping[str, str]) -> str:
    """Return where *name* is, as an installation would find it, or nothing."""
    here = os.getcwd()
    try:
        return find_program(name, sane_path(variables.get("PATH", ""), (here,)), here)
    except OSError:
        return ""


def check_keys(config: Config) -> Row:
    """Return the row about the keys that are trusted."""
    keys, day = config.keys(), today()
    counting = [key for key in keys.values() if not key.why_not_now(day)]
    word = config.require_signature
    if not counting:
        if word == "require":
            return Row(
                "trusted keys",
                "bad",
                "none that counts, and signatures are required: no plugin is loaded",
                "name a key under [plugin.trusted_keys]",
            )
        return Row("trusted keys", "ok", f"none; require_signature is {word}")
    ending = [key for key in counting if _ends_soon(key)]
    gone = [key for key in keys.values() if key not in counting]
    told = f"{len(counting)}; require_signature is {word}"
    if gone:
        told += f"; {len(gone)} that count no more"
    if ending and word != "off":
        names = ", ".join(f"{key} on {key.expires}" for key in ending)
        return Row(
            "trusted keys",
            "warn",
            f"{told}; soon to expire: {names}",
            "have what they signed signed again by a successor",
        )
    return Row("trusted keys", "ok", told)


def _ends_soon(key: TrustedKey) -> bool:
    return key.expires is not None and (key.expires - today()).days < _ENDS_SOON_DAYS
