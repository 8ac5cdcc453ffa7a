"""What a worker's HELLO says of its layers, and what to say to the operator when a required one is missing."""

from collections.abc import Iterable
from typing import Final

import msgspec

from host.surroundings import read_surroundings

ADVICE: Final[dict[str, str]] = {
    "uid": "run the host as root with CAP_SETUID, CAP_SETGID and CAP_KILL",
    "landlock": "use Linux 5.13 or newer with landlock among its lsm= modules",
    "namespaces": "run the host as root or with CAP_SYS_ADMIN",
    "empty_root": "run the host as root, and allow mounts in its container",
    "cgroup": "delegate a cgroup to the host (systemd: Delegate=yes and DelegateSubgroup=), or name one in [plugin.sandbox] cgroup",
    "seccomp": "use Linux 4.14 or newer on x86_64 or aarch64, and allow seccomp(2) in its container",
}
_OTHERWISE: Final = (
    "take it out of [plugin.sandbox] require to run without it (the profile hardened requires every layer"
    " that this host should be able to have)"
)


def missing_layers(layers: str, required: Iterable[str]) -> str:
    """Return one line about the first of *required* that does not hold by *layers* (JSON), or nothing.

    It says which, why as far as the worker knows and this host can see, and what to do.
    """
    told: object = msgspec.json.decode(layers)
    if not isinstance(told, dict):
        return "the worker did not say which layers of isolation hold"
    reasons = told.get("why")
    for layer in required:
        if told.get(layer) is not True:
            why = reasons.get(layer) if isinstance(reasons, dict) else None
            causes = [why] if isinstance(why, str) and why else []
            causes += read_surroundings().hints(layer)
            because = f" ({'; '.join(causes)})" if causes else ""
            todo = f"{ADVICE[layer]}, or {_OTHERWISE}" if layer in ADVICE else _OTHERWISE
            return f"layer {layer} of the sandbox does not hold{because}; {todo}"
    return ""


def overruled(layers: str, layer: str, why_not: str) -> str:
    """Return what a worker says of its *layers* with the host's own word that *layer* does not hold."""
    told: object = msgspec.json.decode(layers)
    if not isinstance(told, dict):
        return layers
    reasons = told.get("why")
    why = dict(reasons) if isinstance(reasons, dict) else {}
    told[layer], why[layer] = False, why_not
    told["why"] = why
    return msgspec.json.encode(told).decode()
