"""The key that signs the audit: 32 random bytes in a file that only its owner reads, made once."""

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from host.errors import AuditError
from host.trail.files import open_file

_KEY: Final = re.compile(rb"[0-9a-f]{64}\n?")


def make_key(path: Path) -> bytes:
    """Return the key at *path*, made if there is none. Of several that make one at once all get the same.

    Raises :class:`AuditError` or OSError.
    """
    with suppress(FileNotFoundError):
        return read_key(path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    fd = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(secrets.token_hex(32).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # somebody was faster: theirs counts
            os.link(draft, path)  # whole or not at all, and never over another
    finally:
        os.unlink(draft)
    return read_key(path)


def read_key(path: Path) -> bytes:
    """Return the key at *path*. Raises :class:`AuditError`, or OSError when it cannot be read."""
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        text = file.read(128)
    if _KEY.fullmatch(text) is None:
        raise AuditError(
            f"{path}: not an audit key; restore it from a backup, or remove it for a new one "
            "(what was signed with the old one can then no longer be verified)"
        )
    return bytes.fromhex(text.decode())


def exposure(path: Path) -> str | None:
    """Return in one line how others than its owner could read the key, or None."""
    mode = path.stat().st_mode
    if mode & 0o077:
        return f"{path}: others may read the key ({stat.filemode(mode)}); run chmod 600 on it"
    return None
