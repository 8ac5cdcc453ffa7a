"""The manifest of a plugin, from its package.json or from what the builder read in its main file.

Promises    Nothing of the plugin runs for it. A manifest that cannot be understood stops the load with one line that
            names file and line: a bound that cannot be read must not pass for none.
"""

import difflib
import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from host.artifact import Artifact, Fault, InFileManifest
from host.beneath import EscapeError, read_beneath
from host.errors import PluginLoadError
from host.events import BY_NAME
from host.integrity import Expected
from policies.json_text import JsonText, JsonTextError
from policies.manifest import KEYS, ManifestError, parse_manifest
from policies.manifest_values import Manifest
from policies.package_manifest import OTHER_FORMATS, parse_package

API_VERSION: Final = "0.30"
"""Of what plugins see, as ``engines.jcode`` is compared with."""
MAX_PACKAGE_JSON_BYTES: Final = 1024 * 1024
E_MANIFEST: Final = "E_MANIFEST"

_EVENTS: Final = {name: event.wire_name for name, event in BY_NAME.items()}
_MAX_LOOKED_AT: Final = 50
"""Keys of a default export that may be misspelt ones."""
_FILLED: Final = (
    "name",
    "package_name",
    "version",
    "description",
    "author",
    "license",
    "homepage",
    "repository",
    "tags",
    "features",
    "settings",
)


def read_package(root: Path, expected: Expected | None = None) -> Manifest | None:
    """Return what the package.json in *root* says, or None when there is none. Raises PluginLoadError."""
    path = root / "package.json"
    data = _checked_bytes_of(root, path, expected)
    if data is None:
        return None
    text = _text_of(data, path)
    try:
        document = JsonText(text)
        found = parse_package(
            document.value, where=str(path), line_of=document.line, events=_EVENTS
        )
        return replace(found, sha256=hashlib.sha256(data).hexdigest())
    except JsonTextError as error:
        raise PluginLoadError(
            E_MANIFEST,
            f"not the JSON that a package.json is: {error}; correct it",
            path=str(path),
            line=error.line,
            column=error.column,
            source_line=text.split("\n")[error.line - 1],
        ) from None
    except ManifestError as error:
        raise _load_error(error) from None


def _checked_bytes_of(root: Path, path: Path, expected: Expected | None) -> bytes | None:
    data = _bytes_of(root, path)
    if expected is not None:
        sha256 = None if data is None else hashlib.sha256(data).hexdigest()
        fault = expected.fault(root, path.name, sha256)
        if fault is not None:
            raise fault
    return data


def _bytes_of(root: Path, path: Path) -> bytes | None:
    try:
        root_fd = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            data = read_beneath(root_fd, path.name, MAX_PACKAGE_JSON_BYTES)
        finally:
            os.close(root_fd)
    except FileNotFoundError:
        return None
    except EscapeError:
        raise PluginLoadError(
            "E_ESCAPE", "leads out of the plugin's directory", path=str(path)
        ) from None
    except OSError as error:
        raise PluginLoadError(
            E_MANIFEST,
            f"cannot be read: {error.strerror}; check its permissions",
            path=str(path),
        ) from None
    # None: a directory or a device by that name says nothing.
    if data is not None and len(data) > MAX_PACKAGE_JSON_BYTES:
        raise PluginLoadError(
            "E_TOO_LARGE", f"larger than {MAX_PACKAGE_JSON_BYTES >> 20} MiB", path=str(path)
        )
    return data


def _text_of(data: bytes, path: Path) -> str:
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PluginLoadError(
            E_MANIFEST, "not UTF-8; save it as UTF-8", path=str(path), line=line
        ) from None


def complete(
    package: Manifest, artifact: Artifact, path: Path, *, is_tool_file: bool = False
) -> Manifest:
    """Return the manifest of the plugin whose main file is *path*: the package's, else the file's, else neither.

    What a manifest in the file lacks is taken from the package. The default export of a tool file is a tool and says
    nothing of the plugin. Raises PluginLoadError.
    """
    stated = artifact.manifest
    if is_tool_file and stated is not None and stated.form == "export default":
        stated = None
    is_ours = bool(package.origin) and package.origin not in OTHER_FORMATS
    if stated is None or not _means_something(stated):
        return _checked(package)
    if is_ours:
        told = f"{path}:{stated.line(())}: {stated.form} is not read: package.json holds the manifest"
        return _checked(replace(package, warnings=(*package.warnings, told)))
    found = _in_file(stated, path)
    filled = {name: getattr(package, name) for name in _FILLED if not getattr(found, name)}
    return _checked(replace(found, **filled))


def _means_something(stated: InFileManifest) -> bool:
    """Whether it is there to be read: a default export may be an object for reasons of its own."""
    if stated.form != "export default":
        return True
    keys = set(stated.value) if isinstance(stated.value, dict) else set()
    return bool(keys & KEYS) or any(_matters(stated, fault) for fault in stated.faults)


def _matters(stated: InFileManifest, fault: Fault) -> bool:
    return stated.form != "export default" or fault.key in KEYS or fault.key == "manifest"


def _in_file(stated: InFileManifest, path: Path) -> Manifest:
    for fault in stated.faults:
        if _matters(stated, fault):
            raise PluginLoadError(
                E_MANIFEST, fault.what, path=str(path), line=fault.line, column=fault.column
            )
    value = stated.value
    if stated.form == "export default" and isinstance(value, dict):
        others = [key for key in value if key not in KEYS]
        near = {key for key in others[:_MAX_LOOKED_AT] if _is_near(key)}
        value = {key: part for key, part in value.items() if key in KEYS or key in near}
    try:
        found = parse_manifest(value, where=str(path), line_of=stated.line, events=_EVENTS)
    except ManifestError as error:
        raise _load_error(error) from None
    spreads = tuple(
        f"{path}:{fault.line}: {fault.what}" for fault in stated.faults if fault.key is None
    )
    return replace(found, origin=stated.form, warnings=(*found.warnings, *spreads))


def _is_near(key: str) -> bool:
    """Whether *key* is a misspelt one of a manifest; an object that does other work has others."""
    return bool(difflib.get_close_matches(key[:100], KEYS, 1, 0.75))


def _load_error(error: ManifestError) -> PluginLoadError:
    told = f"{error.told_place}: {error.what}" if error.place else error.what
    return PluginLoadError(E_MANIFEST, told, path=error.where, line=error.line)


def _checked(manifest: Manifest) -> Manifest:
    wanted = manifest.engine
    if wanted is not None and not _satisfies(wanted):
        raise PluginLoadError(
            "E_ENGINE",
            f"engines.jcode wants {wanted[:60]!a}, and this is {API_VERSION}",
            path=manifest.where,
            line=manifest.engine_line,
        )
    return manifest


def _satisfies(wanted: str) -> bool:
    import nodesemver  # here: most plugins do not ask

    try:
        return bool(nodesemver.satisfies(f"{API_VERSION}.0", wanted, loose=False))
    except (ValueError, nodesemver.InvalidTypeIncluded):
        return False
