"""A set of files as one hash: the name of the snapshot that holds exactly these.

Values only. A path in a set is relative, with ``/`` between its parts, and readable for people as it is.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

MAX_PATH_BYTES: Final = 1024
"""Of a path in a set; together with ours it stays below what the system allows (4096)."""
MAX_DEPTH: Final = 64
_MAX_PART_BYTES: Final = 255
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def tree_of(files: Mapping[str, str]) -> str:
    """Return the hash of *files*, the SHA-256 of each in hex by its path; the order makes no difference."""
    digest = hashlib.sha256(b"jcode-plugin files\n")
    for path in sorted(files):
        digest.update(
            f"{files[path]} {path}\n".encode()
        )  # a path that may be in a set has no \n
    return digest.hexdigest()


def is_sha256(text: str) -> bool:
    """Whether *text* is a SHA-256 in hex, as the name of a tree is: it leads nowhere as part of a path."""
    return _SHA256.fullmatch(text) is not None


def why_unfit(path: str) -> str | None:
    """Return why *path* can be in no set of files, or None when it can."""
    try:
        raw = path.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if not path.isprintable():
        return "its name has characters that cannot be shown"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "its name leads elsewhere"
    if len(raw) > MAX_PATH_BYTES or any(len(part.encode()) > _MAX_PART_BYTES for part in parts):
        return "its name is too long"
    if len(parts) > MAX_DEPTH:
        return f"it lies more than {MAX_DEPTH} directories deep"
    return None
