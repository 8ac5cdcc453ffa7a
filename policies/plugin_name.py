"""The alphabet of plugin names: ``[a-z0-9@/._-]``."""

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
