"""The real lockdown with some of its layers left out, to see what the others do without them.

What is left out is replaced in this process's copy of the modules and so for good: call it in a fork. The
product itself has no switch for it.
"""

from collections.abc import Iterable

from ipc.layers import LAYERS
from worker.lockdown import (
    Filter,
    cgroup,
    descriptors,
    enter,
    identity,
    landlock,
    namespaces,
    rlimits,
)

LEFT_OUT = "left out"
_SET_DUMPABLE = 4
_PRCTL_OF = {"pdeathsig": 1, "not_dumpable": _SET_DUMPABLE, "no_new_privs": 38}
_NEW_MOUNTS = 0x0002_0000


class NoFilter(Filter):
    """Installs nothing, and says so."""

    def install(self) -> str:
        return LEFT_OUT


def _say(answer: object) -> object:
    return lambda *_: answer


def leave_out(layers: Iterable[str]) -> None:
    """Make ``enter_lockdown`` and ``leave_shared`` of this process skip *layers*."""
    missing = set(layers)
    if not missing <= set(LAYERS):
        raise ValueError(f"not layers: {missing - set(LAYERS)}")
    options = {_PRCTL_OF[layer] for layer in missing & set(_PRCTL_OF)}
    real = enter.prctl

    def prctl(option: int, *rest: int) -> int:
        if option == _SET_DUMPABLE and option in options:
            return real(option, 1)  # a change of user has cleared it
        return 0 if option in options else real(option, *rest)

    enter.prctl = prctl
    # What every Linux has is insisted on; here some of it is missing on purpose.
    enter._must = _say(None)
    replaced: dict[str, tuple[tuple[object, str, object], ...]] = {
        "descriptors": (
            (descriptors, "keep_only", None),
            (descriptors, "only_channel_open", False),
        ),
        "environment": ((descriptors, "clear_environment", False),),
        "uid": ((identity, "take_own_user", LEFT_OUT),),
        "capabilities": (
            (identity, "empty_bounding_set", None),
            (identity, "drop_capabilities", False),
        ),
        "rlimits": ((rlimits, "limit_all", False), (rlimits, "limit_descriptors", False)),
        "landlock": ((landlock, "deny_all", LEFT_OUT),),
        "empty_root": ((namespaces, "_empty_root", LEFT_OUT),),
        "cgroup": ((cgroup, "join", LEFT_OUT),),
    }
    for layer in missing & set(replaced):
        for module, name, answer in replaced[layer]:
            setattr(module, name, _say(answer))
    if "seccomp" in missing:
        Filter.install = NoFilter.install
    if "namespaces" in missing:
        # An empty root needs mounts of its own, or it would be everyone's.
        unshare, shared = namespaces.unshare, namespaces.leave_shared
        namespaces.unshare = lambda _: unshare(0 if "empty_root" in missing else _NEW_MOUNTS)
        namespaces.leave_shared = lambda: {**shared(), "namespaces": LEFT_OUT}
