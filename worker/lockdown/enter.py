"""Confinement of a process, in one ordered function.

Promises    When :func:`enter_lockdown` returns, every required layer is in force, read back from the kernel
            where the kernel tells, and the result says of each layer whether it is.
Relies on   Being called in a fork of the zygote, before a byte of a plugin is read, with everything imported
            that will ever be: after the filter there is no opening of a file.
"""

import os
from typing import Final

from ipc.layers import LAYERS, from_mask
from worker.lockdown import cgroup, descriptors, identity, landlock, rlimits
from worker.lockdown.kernel import LockdownError, prctl, prctl_get
from worker.lockdown.seccomp import Filter
from worker.lockdown.syscalls import CHANNEL_WRITE_FD

EXIT_LOCKDOWN: Final = 70
"""Exit code of a process that could not be locked down as required."""

_PR_SET_PDEATHSIG: Final = 1
_PR_GET_PDEATHSIG: Final = 2
_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_GET_NO_NEW_PRIVS: Final = 39
_SIGKILL: Final = 9

_ANY_LINUX_HAS: Final = (
    "descriptors",
    "environment",
    "pdeathsig",
    "rlimits",
    "not_dumpable",
    "no_new_privs",
)


class Limits:
    """What one worker may use, and what must hold of it.

    ``heap_bytes`` of JavaScript, ``data_bytes`` of data segment, ``niceness``, ``descriptors`` (the first number
    that none may have), and ``required``: a mask of layers (``ipc/layers.py``). The zygote adds
    ``parent_pid``, ``directory_fd`` (the one directory that a builder reads) and ``cgroup_fd`` (the file that
    moves this process into its group), -1 for none, and ``zygote_layers``: layer -> why it does not hold, or
    an empty text.
    """

    __slots__ = (
        "cgroup_fd",
        "data_bytes",
        "descriptors",
        "directory_fd",
        "heap_bytes",
        "niceness",
        "parent_pid",
        "required",
        "zygote_layers",
    )

    def __init__(
        self,
        heap_bytes: int,
        data_bytes: int,
        niceness: int,
        required: int = 0,
        descriptors: int = CHANNEL_WRITE_FD + 1,
    ) -> None:
        self.heap_bytes = heap_bytes
        self.data_bytes = data_bytes
        self.niceness = niceness
        self.required = required
        self.descriptors = descriptors
        self.parent_pid = 0
        self.directory_fd = -1
        self.cgroup_fd = -1
        self.zygote_layers: dict[str, str] = {}


class Layers(dict[str, bool]):
    """Every layer -> whether it is in force; ``why`` has a short text for each that is not."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(LAYERS, False))
        self.why: dict[str, str] = {}

    def note(self, layer: str, why_not: str) -> None:
        """Record that *layer* holds, or why not."""
        self[layer] = not why_not
        if why_not:
            self.why[layer] = why_not

    def missing(self, required: int) -> list[str]:
        """Return the layers of the mask *required* that are not in force."""
        return [layer for layer in from_mask(required) if not self.get(layer, False)]

    def to_json(self) -> str:
        """One object: each layer, and ``why`` if there is anything to explain.

        By hand, because the json module would bring ``re`` into every worker for this one use.
        """
        parts = [f'"{layer}":{str(held).lower()}' for layer, held in self.items()]
        if self.why:
            why = ",".join(f'"{layer}":"{_plain(text)}"' for layer, text in self.why.items())
            parts.append(f'"why":{{{why}}}')
        return "{" + ",".join(parts) + "}"


def _plain(text: str) -> str:
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in text[:160])


def _must(held: bool, what: str) -> None:
    if not held:
        raise LockdownError(f"not in force: {what}")


def enter_lockdown(limits: Limits, confine: Filter) -> Layers:
    """Confine this process; return what holds.

    Raises :class:`LockdownError` when a step fails that every Linux offers to every user. A layer that this
    kernel or container does not offer is false in the result, and whether that is enough is for the caller
    to judge (:meth:`Layers.missing`).
    """
    layers = Layers()
    for layer, why_not in limits.zygote_layers.items():
        layers.note(layer, why_not)

    # First, so that what follows is charged to the group already.
    layers.note("cgroup", cgroup.join(limits.cgroup_fd))
    # An inherited descriptor would outlive every later barrier, so they go first.
    descriptors.keep_only(limits.directory_fd)
    layers.note("environment", "" if descriptors.clear_environment() else "not empty")
    if limits.directory_fd >= 0:
        # By descriptor and before the user changes: the way to it may be closed to the new one, and may not
        # exist beneath the zygote's root.
        os.fchdir(limits.directory_fd)
    if limits.niceness:
        os.nice(limits.niceness)

    # The bounding set needs a capability, and changing the user takes them all.
    identity.empty_bounding_set()
    layers.note("uid", identity.take_own_user())
    layers.note(
        "capabilities", "" if identity.drop_capabilities() else "the sets are not empty"
    )

    # After the change of user, which clears it. The zygote started us from its only thread, which is what the
    # kernel watches here; if that was gone before we asked, nothing will ever be sent.
    prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    _must(os.getppid() == limits.parent_pid, "a living zygote")
    layers.note("pdeathsig", "" if prctl_get(_PR_GET_PDEATHSIG) == _SIGKILL else "not set")

    held = rlimits.limit_all(limits.data_bytes)
    # After the change of user, too, which resets it to what /proc/sys/fs/suid_dumpable says.
    prctl(_PR_SET_DUMPABLE, 0)
    layers.note("not_dumpable", "" if prctl(_PR_GET_DUMPABLE) == 0 else "still dumpable")
    prctl(_PR_SET_NO_NEW_PRIVS, 1)  # Landlock and seccomp ask for it
    layers.note("no_new_privs", "" if prctl(_PR_GET_NO_NEW_PRIVS) == 1 else "not set")

    layers.note("landlock", landlock.deny_all(limits.directory_fd))
    if limits.directory_fd >= 0:
        os.close(limits.directory_fd)
    # After the last descriptor that confinement itself opens.
    held = rlimits.limit_descriptors(limits.descriptors) and held
    layers.note("rlimits", "" if held else "the kernel has other values")
    layers.note("descriptors", "" if descriptors.only_channel_open() else "another is open")
    for layer in _ANY_LINUX_HAS:
        _must(layers[layer], layer)

    # Last: it takes away what the others are made with.
    layers.note("seccomp", confine.install())
    return layers
