"""The layers of isolation by name, as host and worker both call them.

A set of them crosses the zygote's socket as a bit mask: layer *n* of :data:`LAYERS` is bit *n*.
"""

from collections.abc import Iterable
from typing import Final, Literal, get_args

LayerName = Literal[
    "descriptors",  # the two of the channel, no other
    "environment",  # empty; signals have their default actions
    "uid",  # a user id of its own that owns nothing
    "capabilities",  # none, in no set
    "pdeathsig",  # dies with its zygote
    "rlimits",  # memory, files, descriptors, processes, signals, queues
    "not_dumpable",  # no other process of the user reads its memory
    "no_new_privs",  # exec never gives privileges
    "landlock",  # no file, no TCP, no signal or abstract socket to the outside
    "namespaces",  # network, IPC, mounts and host name of its zygote's own
    "empty_root",  # a root directory with nothing in it
    "seccomp",  # the system calls of its profile, any other kills it
    "cgroup",  # a control group of its own that bounds memory, processes and share of CPU
]

LAYERS: Final[tuple[LayerName, ...]] = get_args(LayerName)

DEFAULT_REQUIRED: Final[tuple[LayerName, ...]] = (
    "descriptors",
    "rlimits",
    "no_new_privs",
    "seccomp",
)
"""What must hold unless the operator says otherwise: any Linux gives these to any user."""

_NAMES: Final[tuple[str, ...]] = LAYERS


def to_mask(names: Iterable[str]) -> int:
    """Return *names* as bits. Raises ``ValueError`` for a name that is no layer."""
    mask = 0
    for name in names:
        mask |= 1 << _NAMES.index(name)
    return mask


def from_mask(mask: int) -> list[str]:
    """Return the layers of *mask* in their order; bits above are ignored."""
    return [name for bit, name in enumerate(LAYERS) if mask >> bit & 1]
