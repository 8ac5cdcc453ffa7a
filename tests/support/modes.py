"""Ways of confinement: which layers are left out of the real lockdown in each."""

from ipc.layers import LAYERS, LayerName

OPEN = "open"
"""No layer at all: the control."""
LOCKED = "locked"
"""Every layer."""
UNFILTERED = "without seccomp"

Modes = dict[str, frozenset[str]]

CONFINING: tuple[LayerName, ...] = tuple(layer for layer in LAYERS if layer != "cgroup")
"""What is tried one by one. A control group bounds what is used, not what may be done, and needs a host that
makes it; without one its layer is left out of every mode."""

_STANDS_ON: dict[str, tuple[LayerName, ...]] = {
    "seccomp": ("no_new_privs",),
    "landlock": ("no_new_privs",),
}
"""What the kernel asks of a user without privileges before it gives a layer."""


def without(layer: str) -> str:
    """Name of the mode that has every layer but *layer*."""
    return f"without {layer}"


def alone(layer: str) -> str:
    """Name of the mode that has *layer* and no other."""
    return f"{layer} alone"


def behind_seccomp(layer: str) -> str:
    """Name of the mode that lacks seccomp and *layer*."""
    return f"without seccomp and {layer}"


def all_modes(*, is_root: bool) -> Modes:
    """Return every mode: name -> the layers that are left out."""
    every = frozenset(CONFINING)
    modes: Modes = {OPEN: every, LOCKED: frozenset()}
    for layer in CONFINING:
        modes[without(layer)] = frozenset({layer})
        kept = {layer} if is_root else {layer, *_STANDS_ON.get(layer, ())}
        modes[alone(layer)] = every - kept
        if layer != "seccomp":
            modes[behind_seccomp(layer)] = frozenset({"seccomp", layer})
    return modes
