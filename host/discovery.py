"""Which plugins a host starts with: those that the configuration lists, then those in the user's plugin directory."""

from pathlib import Path
from typing import Final

from host.config import Config

_SUFFIXES: Final = (".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx")
_DECLARATIONS: Final = (".d.ts", ".d.mts", ".d.cts")


def configured_paths(config: Config) -> list[Path]:
    """Return the paths of all plugins that *config* stands for, in the order in which they are merged."""
    listed = [
        Path(source.path)
        for source in config.sources
        if source.type in ("file", "directory") and source.path
    ]
    found = [] if config.plugin_dir is None else plugins_in(config.plugin_dir)
    return [*listed, *found]


def plugins_in(directory: Path) -> list[Path]:
    """Return the plugins in *directory*, by name: files of JavaScript or TypeScript, and directories with an entry.

    A directory that does not exist, or is not ours to read, holds none.
    """
    try:
        entries = sorted(directory.iterdir())
    except OSError:
        return []
    return [entry for entry in entries if not entry.name.startswith(".") and _is_plugin(entry)]


def _is_plugin(entry: Path) -> bool:
    if entry.is_file():
        return entry.name.endswith(_SUFFIXES) and not entry.name.endswith(_DECLARATIONS)
    names = ("package.json", *(f"index{suffix}" for suffix in _SUFFIXES))
    return any((entry / name).is_file() for name in names)
