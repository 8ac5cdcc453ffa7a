"""Unpacking an archive that a stranger made: a package as npm packs it, in tar or gzip of tar.

Promises    See ``plain_tree`` and ``tarball``: no byte outside of the directory that was given, plain files and
            directories only, bounded work, and one kind of error. Zip is not read: nobody packs plugins in it.
"""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from host.errors import InstallError
from host.install.plain_tree import CAPS, Caps, UnfitError, writing
from host.install.tarball import Readable, read_members

_THE_ARCHIVE: Final = "the archive"


def unpack(
    archive: Path | bytes | Readable,
    into: Path,
    *,
    called: str = _THE_ARCHIVE,
    caps: Caps = CAPS,
) -> None:
    """Unpack *archive* into *into*, an empty directory of ours; the leading folder is left out, whatever its name.

    Raises InstallError: E_ARCHIVE, in words about *called*, for what no package may be, and then there are parts of
    it in *into* for the caller to remove; E_NOT_FOUND for a file that cannot be opened, E_STATE for a full disk.
    """
    with writing(into, called, caps) as tree, _opened(archive) as raw:
        for member in read_members(raw, caps):
            path = _inner(member.path, is_directory=member.is_directory)
            if member.is_directory:
                if path:
                    tree.directory(path)
                continue
            tree.check_size(path, member.size)
            tree.file(path, member.chunks(), is_executable=member.is_executable)


@contextmanager
def _opened(archive: Path | bytes | Readable) -> Iterator[Readable]:
    if not isinstance(archive, Path):
        yield io.BytesIO(archive) if isinstance(archive, bytes) else archive
        return
    try:
        # Not blocking: of a pipe there would be no end.
        fd = os.open(archive, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise InstallError("E_NOT_FOUND", f"{archive}: {error.strerror}") from error
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise UnfitError("is not a plain file")
        yield file


def _inner(given: str, *, is_directory: bool) -> str:
    """Return *given* without its leading folder; empty for that folder itself."""
    folder, _, rest = given.partition("/")
    parts = [part for part in rest.split("/") if part not in ("", ".")]
    if not folder or folder == ".." or ".." in parts:
        raise UnfitError("leads out of the package", given)
    if not parts and not is_directory:
        raise UnfitError(
            "lies beside the package: an archive holds one folder with everything in it, as npm pack makes it",
            given,
        )
    return "/".join(parts)
