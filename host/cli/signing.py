"""``keygen``, ``sign`` and ``verify``."""

import os
import sys
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path
from typing import Final

from rich.table import Table

from host.audit import printable
from host.build import find_entry
from host.cli.session import look_at, open_scratch_host, read_config
from host.cli.show import make_console, print_json, safe
from host.config import jcode_home
from host.discovery import path_of
from host.errors import InputError
from host.install.store import Store
from host.install.values import Installed
from host.looking import NO_VERSION
from host.outcome import JsonObject
from host.plugin_spec import PluginSpec
from host.signing.contents import Place, place_of
from host.signing.detached import (
    id_of_secret,
    make_key,
    open_secret,
    read_public,
    write_secret,
)
from host.signing.examine import Signature, examine, today
from host.signing.making import sign_plugin
from policies.signing import Keys, TrustedKey, key_id_of

DOES_NOT_HOLD: Final = 2
_SHOWN: Final = 20
"""Files of one kind that are listed for people; the rest is counted."""


def run_keygen(out: Path | None, *, has_password: bool, as_json: bool) -> int:
    """Make a key, write its secret half, print the public one; return the exit code."""
    path = _key_file(out)
    if os.path.lexists(path):
        raise InputError(
            f"{path}: exists, and a key that is overwritten is gone; move it away, or name another with --out"
        )
    key = make_key(_new_password() if has_password else None)
    write_secret(path, key.secret)
    if as_json:
        print_json(
            {
                "ok": True,
                "error": None,
                "id": key.id,
                "public_key": key.public,
                "path": str(path),
            }
        )
        return 0
    console = make_console()
    console.print(safe(f"secret key: {path} (keep it; whoever has it signs in your name)"))
    console.print(safe("public key, for those who are to trust it, in their config.toml:"))
    console.print(safe(f"[plugin.trusted_keys.{key.id}]"))
    console.print(safe(f'key = "{key.public}"'))
    return 0


def _new_password() -> str:
    if not sys.stdin.isatty():
        raise InputError(
            "no terminal to ask for a password; run it in one, or let the key have none: --no-password"
        )
    password = getpass("Password for the new key: ")
    if not password:
        raise InputError("an empty password protects nothing; to have none: --no-password")
    if getpass("The same again: ") != password:
        raise InputError("the two passwords differ; try again")
    return password


def _password() -> str | None:
    return getpass("Password of the key: ") if sys.stdin.isatty() else None


def _key_file(given: Path | None) -> Path:
    return given or jcode_home(os.environ) / "keys" / "signing.key"


def run_sign(path: Path, key: Path | None, *, as_json: bool) -> int:
    """Write the list of the plugin's files and its signature; return the exit code."""
    with open_secret(_key_file(key), _password) as secret:
        with open_scratch_host() as host:
            spec = look_at(host, path)
        place = _place_of(spec)
        reads = (found for artifact in spec.artifacts() for found in artifact.reads)
        read = {found.chosen for found in reads if found.chosen is not None}
        others = sorted(read - {place.file})
        if place.file is not None and others:
            raise InputError(
                f"{place.told}: it imports {others[0]}, which would not be signed; sign the directory instead"
            )
        contents = sign_plugin(place, spec.name, spec.version, secret)
        key_id = id_of_secret(secret)
    told = place.root / place.signature
    if as_json:
        print_json(
            {
                "ok": True,
                "error": None,
                "name": contents.name,
                "version": contents.version,
                "signed_by": key_id,
                "files": len(contents.files),
                "signature": str(told),
            }
        )
        return 0
    make_console().print(
        safe(
            f"signed {contents.name} {contents.version} with key {key_id}: {len(contents.files)} files, {told}"
        )
    )
    return 0


def _place_of(spec: PluginSpec) -> Place:
    return Place(spec.root, None if spec.is_package else spec.path.name)


def run_verify(plugin: str, key: Path | None, *, as_json: bool) -> int:
    """Say what holds of a signature; return the exit code."""
    config, home = read_config()
    keys = config.keys() if key is None else _only(read_public(key))
    path, installed = _find(plugin, home)
    signature = _look(path, installed, keys)
    if as_json:
        print_json(_as_json(path, signature))
    else:
        _print(path, signature)
    return DOES_NOT_HOLD if signature.problem else 0


def _find(plugin: str, home: Path) -> tuple[Path, Installed | None]:
    """Return where the plugin is that was named by its path, else by the name of an installed one."""
    path = Path(plugin)
    if path.expanduser().exists():
        return path, None
    installed = Store(home).read().get(plugin)
    if installed is None:
        raise InputError(
            f"{printable(plugin)}: neither a file or directory nor an installed plugin; see jcode-plugin list"
        )
    return path_of(home, installed), installed


def _only(public: str) -> Keys:
    id_ = key_id_of(public) or ""
    return {id_: TrustedKey(id_, public)}


def _look(path: Path, installed: Installed | None, keys: Keys) -> Signature:
    """Return what holds; the plugin's name is asked for last, since it takes a build of it."""
    entry = find_entry(path)
    is_directory = path.expanduser().is_dir()
    signature = examine(
        place_of(entry.root, entry.file, is_directory=is_directory), keys, today()
    )
    if signature.problem:
        return signature
    with open_scratch_host() as host:
        spec = host.look_at(path, installed=installed)
    return signature.naming(spec.name, spec.manifest.version or NO_VERSION)


def _as_json(path: Path, signature: Signature) -> JsonObject:
    contents, key = signature.contents, signature.key
    at = signature.signed_at
    return {
        "ok": not signature.problem,
        "error": signature.problem or None,
        "path": str(path),
        "name": contents.name if contents is not None else None,
        "version": contents.version if contents is not None else None,
        "files": len(contents.files) if contents is not None else None,
        "signed_by": signature.key_id or None,
        "key_name": (key.name or None) if key is not None else None,
        "successor": (key.successor or None) if key is not None else None,
        "signed_at": datetime.fromtimestamp(at, UTC).isoformat() if at else None,
        "changed": list(signature.differs.changed),
        "missing": list(signature.differs.missing),
        "extra": list(signature.differs.extra),
    }


def _print(path: Path, signature: Signature) -> None:
    console = make_console()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    contents, key = signature.contents, signature.key
    if contents is not None:
        grid.add_row(
            "plugin", safe(f"{contents.name} {contents.version}, {len(contents.files)} files")
        )
    if signature.key_id:
        grid.add_row("signed by", safe(str(key) if key is not None else signature.key_id))
    if signature.signed_at:
        at = datetime.fromtimestamp(signature.signed_at, UTC)
        grid.add_row("signed at", safe(f"{at:%Y-%m-%d %H:%M} UTC by the signer's clock"))
    if key is not None and key.successor:
        grid.add_row(
            "", safe(f"the key's successor is {key.successor}: ask for a new signature")
        )
    differs = signature.differs
    for title, paths in (
        ("changed", differs.changed),
        ("missing", differs.missing),
        ("not signed", differs.extra),
    ):
        for at_row, name in enumerate(paths[:_SHOWN]):
            grid.add_row(title if at_row == 0 else "", safe(name, "red"))
        if len(paths) > _SHOWN:
            grid.add_row("", safe(f"and {len(paths) - _SHOWN} more"))
    if grid.row_count:
        console.print(grid)
    if signature.problem:
        console.print(safe(f"does not hold: {path}: {signature.problem}", "bold red"))
    else:
        console.print(safe("holds: every file is the one that was signed", "green"))
