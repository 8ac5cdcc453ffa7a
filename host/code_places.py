"""Where the code lies that runs outside a worker or as another plugin: who could write there would be somebody else.

Promises    Patterns for layer 0, beside those that are the same on every machine. A directory that holds the project or
            the home is named by its parts that are run, so that writing in a project stays possible.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from host.config import Config
    from host.plugin_spec import PluginSpec

_ROOT: Final = Path(__file__).resolve().parent.parent
_OURS: Final = ("host", "worker", "ipc", "policies", "bin", "jcode_plugin_start.py")
_OF_PREFIX: Final = ("bin", "lib", "lib64", "pyvenv.cfg")


def of_host(
    config: "Config", variables: Mapping[str, str], around: Iterable[str]
) -> tuple[str, ...]:
    """Return patterns of this host's code, of its interpreter's, of the programs on the path, of where plugins are
    found and of whom it trusts. *around* are the project and the home: what holds them is left out."""
    found = [str(_ROOT / name) for name in _OURS]
    for prefix in dict.fromkeys((sys.prefix, sys.base_prefix)):
        found += [os.path.join(prefix, name) for name in _OF_PREFIX]
    found += variables.get("PATH", "").split(os.pathsep)
    if config.plugin_dir is not None:
        found.append(str(config.plugin_dir))
    if config.http.ca_file is not None:
        found.append(os.path.abspath(config.http.ca_file))
    kept = list(around)
    return tuple(
        dict.fromkeys(
            escape(os.path.normpath(path))
            for path in found
            if path.startswith("/") and not any(_holds(path, one) for one in kept)
        )
    )


def of_plugins(specs: Iterable["PluginSpec"], around: Iterable[str]) -> tuple[str, ...]:
    """Return patterns of what *specs* are built from."""
    kept = list(around)
    return tuple(dict.fromkeys(pattern for spec in specs for pattern in _of_plugin(spec, kept)))


def _of_plugin(spec: "PluginSpec", around: list[str]) -> Iterator[str]:
    root = str(spec.root)
    if spec.is_package and not any(_holds(root, one) for one in around):
        yield escape(root)
        return
    # Its directory is whichever it happens to lie in.
    files = [path for artifact in spec.artifacts() for path in artifact.positions.paths]
    if spec.is_package:
        files.append("package.json")
    for file in (spec.path.name, *files):
        yield escape(os.path.normpath(os.path.join(root, file)))


def _holds(directory: str, path: str) -> bool:
    directory = os.path.realpath(directory)
    return path == directory or path.startswith(directory.rstrip("/") + "/")
