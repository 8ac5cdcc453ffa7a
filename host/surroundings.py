"""What stands around this process and may take a layer away: a container, a filter, AppArmor, missing rights.

Promises    Reads a few files of /proc and never fails; what cannot be read is not there. Only describes: a layer
            holds or does not whatever is found here.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from host.errors import IsolationError

SETGID, SETUID, KILL, SYS_PTRACE, SYS_ADMIN = 6, 7, 5, 19, 21
"""Numbers of capabilities."""

_CONTAINER_FILES: Final = (
    ("/.dockerenv", "a Docker container"),
    ("/run/.containerenv", "a Podman container"),
    ("/var/run/secrets/kubernetes.io", "a Kubernetes pod"),
)
_OF_THE_KERNEL: Final = ("landlock", "seccomp")
_OF_PRIVILEGE: Final = ("uid", "namespaces", "empty_root")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``container`` names what this runs in, or is empty; ``capabilities`` is the effective set."""

    container: str
    is_filtered: bool
    """Whether a seccomp filter is in force on this process already."""
    restricts_userns: bool
    """Whether AppArmor takes what user namespaces of unprivileged processes give."""
    is_root: bool
    capabilities: int

    def has(self, capability: int) -> bool:
        """Whether *capability* is in the effective set."""
        return bool(self.capabilities >> capability & 1)

    def hints(self, layer: str) -> tuple[str, ...]:
        """Return what is likely to have to do with it that *layer* does not hold, a phrase each."""
        found = []
        if layer in (*_OF_THE_KERNEL, *_OF_PRIVILEGE):
            if self.container:
                found.append(f"this host runs in {self.container}")
            if self.is_filtered:
                found.append("a seccomp filter is in force on this host already")
        if layer in _OF_PRIVILEGE and self.is_root:
            needed = {"uid": (SETUID, SETGID, KILL)}.get(layer, (SYS_ADMIN,))
            names = {
                SETUID: "CAP_SETUID",
                SETGID: "CAP_SETGID",
                KILL: "CAP_KILL",
                SYS_ADMIN: "CAP_SYS_ADMIN",
            }
            lacking = [names[number] for number in needed if not self.has(number)]
            if lacking:
                found.append(f"this host is root without {' and '.join(lacking)}")
        if layer == "namespaces" and self.restricts_userns and not self.is_root:
            found.append("AppArmor restricts user namespaces")
        return tuple(found)


def require_linux() -> None:
    """Raise :class:`IsolationError` where a worker could not be isolated at all."""
    if not sys.platform.startswith("linux"):
        raise IsolationError(
            f"plugins need Linux for their isolation (seccomp, pidfds, Landlock); this is {sys.platform}"
        )


def read_surroundings(root: str = "/") -> Surroundings:
    """Return what is found beneath *root*, the system's own unless a test says otherwise."""
    base = Path(root)
    status = _status(base / "proc/self/status")
    return Surroundings(
        container=_container(base),
        is_filtered=status.get("Seccomp") == "2",
        restricts_userns=_text(base / "proc/sys/kernel/apparmor_restrict_unprivileged_userns")
        == "1",
        is_root=os.geteuid() == 0,
        capabilities=_hex(status.get("CapEff", "0")),
    )


def _container(base: Path) -> str:
    for path, name in _CONTAINER_FILES:
        if (base / path[1:]).exists():
            return name
    told = _text(base / "run/systemd/container")
    return f"a container ({told[:32]})" if told.isalnum() else ""


def _status(path: Path) -> dict[str, str]:
    pairs = (line.partition(":") for line in _text(path).splitlines())
    return {key: value.strip() for key, _, value in pairs}


def _hex(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
