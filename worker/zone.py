"""The name of this machine's time zone, as the C library finds it: workers start with an empty environment."""

import os
from typing import Final

_LINK: Final = "/etc/localtime"
_ALLOWED: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/"
)


def host_zone(link: str = _LINK) -> str:
    """Return an IANA name such as ``Europe/Berlin``; "UTC" without a configured zone, "" when it has no name."""
    try:
        target = os.readlink(link)
    except FileNotFoundError:
        return "UTC"
    except OSError:
        return ""  # a copy of a zone's file: its rules hold, its name is gone
    _, found, name = target.partition("/zoneinfo/")
    return name if found and name and len(name) <= 64 and _ALLOWED.issuperset(name) else ""
