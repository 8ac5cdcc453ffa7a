"""Whether the files of an installed plugin are those that were installed.

Promises    Of an installed plugin nothing is built, read as its manifest or run but bytes whose hash was remembered
            when the user agreed to it. A file that changed, went missing or was not there then stops the load.
Gap         Files that it only reads while it runs are not looked at: it could as well have fetched them.
Elsewhere   Where the files lie, read-only: ``install/snapshots.py``. Who reads them: ``sources.py``, ``manifests.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from host.errors import PluginLoadError

if TYPE_CHECKING:
    from host.install.values import Installed

E_INTEGRITY: Final = "E_INTEGRITY"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the plugin *name* consists of: the SHA-256 of each file, in hex, by its path. *spec* installs it again."""

    name: str
    spec: str
    files: Mapping[str, str]

    def fault(self, root: Path, path: str, sha256: str | None) -> PluginLoadError | None:
        """Return what is wrong when the file *path* in *root* has the hash *sha256*, or is not there (None)."""
        wanted = self.files.get(path)
        if wanted == sha256:
            return None
        if wanted is None:
            what = f"is not one of the files that {self.name} was installed with"
        elif sha256 is None:
            what = f"is missing since {self.name} was installed"
        else:
            what = f"was changed since {self.name} was installed"
        return self._error(str(root / path), what)

    def gone(self, path: Path) -> PluginLoadError:
        """Return the error of there being no files at all."""
        return self._error(str(path), f"is missing since {self.name} was installed")

    def _error(self, path: str, what: str) -> PluginLoadError:
        told = (
            f"{what}; nothing of it was run; to have it whole: jcode-plugin install {self.spec}"
        )
        return PluginLoadError(E_INTEGRITY, told, path=path)


def expected_of(installed: "Installed | None") -> Expected | None:
    """Return what the files of *installed* must be; None for what was not installed, and for a link."""
    if installed is None or not installed.current.tree:
        return None
    return Expected(installed.name, installed.origin.spec, installed.current.files)
