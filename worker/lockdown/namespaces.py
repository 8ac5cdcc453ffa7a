"""Layers ``namespaces`` and ``empty_root``: made once by the zygote, before it forks anything.

Only where the zygote may do so as it is (root, or CAP_SYS_ADMIN in a container). Rejected: a user namespace
for the others, which changes who may kill and read whom and is forbidden on many systems; a pid
namespace, in which the zygote's numbers are not the host's. The filter denies what these two would.
"""

import errno
import os
from typing import Final

from worker.lockdown.kernel import mount, pivot_root, unmount, unshare

_NAMESPACES: Final = {
    "mount": 0x0002_0000,
    "cgroup": 0x0200_0000,
    "uts": 0x0400_0000,
    "ipc": 0x0800_0000,
    "network": 0x4000_0000,
}
_MS_RDONLY: Final = 0x1
_MS_NOSUID: Final = 0x2
_MS_NODEV: Final = 0x4
_MS_NOEXEC: Final = 0x8
_MS_REC: Final = 0x4000
_MS_PRIVATE: Final = 0x4_0000
_MS_REMOUNT: Final = 0x20
_MNT_DETACH: Final = 2
_PLACES: Final = ("/tmp", "/proc", "/mnt", "/dev")  # noqa: S108 - a place to mount on, nothing is written there
"""Any directory will do: what is mounted there is seen by this process only, and becomes its root."""


def leave_shared() -> dict[str, str]:
    """Leave the host's namespaces and root; return layer -> why not, or an empty text."""
    failed = unshare(sum(_NAMESPACES.values()))
    if failed:
        why = f"unshare failed: {errno.errorcode.get(-failed, failed)} (needs CAP_SYS_ADMIN)"
        return {"namespaces": why, "empty_root": why}
    return {"namespaces": "", "empty_root": _empty_root()}


def _empty_root() -> str:
    # First: what is mounted below must not appear in the host's tree.
    failed = mount(b"none", b"/", b"", _MS_REC | _MS_PRIVATE, b"")
    place = next((place for place in _PLACES if os.path.isdir(place)), None)
    if failed or place is None:
        return f"the tree of mounts stays shared: {errno.errorcode.get(-failed, failed)}"
    safe = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    where = os.fsencode(place)
    failed = mount(b"none", where, b"tmpfs", safe, b"size=4k,nr_inodes=2,mode=0555")
    if failed:
        return f"mounting an empty root failed: {errno.errorcode.get(-failed, failed)}"
    os.chdir(place)
    failed = mount(b"none", b".", b"", _MS_REMOUNT | _MS_RDONLY | safe, b"")
    if not failed:
        failed = pivot_root(b".", b".")
    if failed:
        os.chdir("/")
        unmount(where, _MNT_DETACH)
        return f"changing the root failed: {errno.errorcode.get(-failed, failed)}"
    # The old root lies over the new one now; taking it away leaves the empty one.
    failed = unmount(b".", _MNT_DETACH)
    os.chdir("/")
    if failed or os.listdir("/"):
        return "the old root is still there"
    return ""
