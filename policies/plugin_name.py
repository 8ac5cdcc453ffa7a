"""The alphabet of plugin names: ``[a-z0-9@/._-]``."""

import hashlib
from typing import Final

MAX_NAME_CHARS: Final = 128
RESERVED: Final = "all"
"""Stands for every plugin where one could be named."""


def slug(name: str) -> str:
    """Return *name* in the alphabet of plugin names; empty when nothing of it can be kept."""
    kept = "".join(
        c if c.isascii() and (c.isalnum() or c in "@/._-") else "-" for c in name.lower()
    )
    return kept[:MAX_NAME_CHARS].strip("-/.")


def folder_name(name: str) -> str:
    """Return *name* as one part of a path: no two names share one, and none leads anywhere."""
    plain = slug(name)
    folder = plain.replace("/", "+")  # which is not in the alphabet
    if plain == name and name:
        return folder
    # An embedding program may call a plugin anything.
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{folder}+{digest[:16]}"
