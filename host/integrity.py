"""Whether the files of a plugin are those that the user agreed to: an installed one's, a trusted project's.

Promises    Of such a plugin nothing is built, read as its manifest or run but bytes whose hash was remembered when the
            user agreed to it. A file that changed, went missing or was not there then stops the load.
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
    """What a plugin consists of: the SHA-256 of each file, in hex, by its path beneath *root*, wherever that is if None.

    *since* says when that was so (``guard was installed``), *remedy* what to do when it is so no more.
    """

    files: Mapping[str, str]
    since: str
    remedy: str
    root: Path | None = None

    def fault(self, root: Path, path: str, sha256: str | None) -> PluginLoadError | None:
        """Return what is wrong when the file *path* in *root* has the hash *sha256*, or is not there (None)."""
        wanted = self.files.get(path)
        if wanted == sha256:
            return None
        if wanted is None:
            what = f"is not one of the files that were there when {self.since}"
        elif sha256 is None:
            what = f"is missing since {self.since}"
        else:
            what = f"was changed since {self.since}"
        return self._error(str(root / path), what)

    def gone(self, path: Path) -> PluginLoadError:
        """Return the error of there being no files at all."""
        return self._error(str(path), f"is missing since {self.since}")

    def check_root(self, root: Path) -> None:
        """Raise PluginLoadError if the files at *root* are another directory's."""
        if self.root is not None and root != self.root:
            raise self._error(str(self.root), f"leads elsewhere since {self.since}")

    def _error(self, path: str, what: str) -> PluginLoadError:
        told = f"{what}; nothing of it was run; {self.remedy}"
        return PluginLoadError(E_INTEGRITY, told, path=path)


def expected_of(installed: "Installed | None") -> Expected | None:
    """Return what the files of *installed* must be; None for what was not installed, and for a link."""
    if installed is None or not installed.current.tree:
        return None
    return Expected(
        installed.current.files,
        f"{installed.name} was installed",
        f"to have it whole: jcode-plugin install {installed.origin.spec}",
    )
