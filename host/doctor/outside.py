"""The layers of a live worker, from outside: what the kernel says, not what the worker says.

Promises    A layer counts as applied only if the worker says so and nothing seen here contradicts it. Every answer
            says how it is known. Nothing here raises for what cannot be seen; looking changes nothing.
Relies on   /proc. A worker is not dumpable, which hides its descriptors, namespaces, root and filter from a host that
            is not root; then what its zygote shows stands for it, as a fork has what its parent had, or, last, the
            worker's own word.
"""

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from host.cgroup import NEEDED, find_hierarchy, own_directory
from host.outcome import JsonObject
from host.seccomp_readback import ReadbackError, allowed_calls, read_filters
from host.spawn import WorkerLimits
from host.syscall_names import syscall_name
from ipc.layers import LAYERS

WORKER: Final = "worker"
ZYGOTE: Final = "zygote"
PROC_STATUS: Final = "proc status"

ALLOWED: Final = frozenset(
    {"read", "write", "mmap", "munmap", "mremap", "brk", "clock_gettime", "exit_group"}
)
"""The names of all that a worker's filter may let through: written again here, apart from the filter's own table."""

_NAMESPACES: Final = ("net", "ipc", "uts", "mnt", "cgroup")
_ZERO_LIMITS: Final = (
    "Max core file size",
    "Max file size",
    "Max locked memory",
    "Max processes",
    "Max pending signals",
    "Max msgqueue size",
    "Max nice priority",
    "Max realtime priority",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One layer of one worker: whether it is in force, how that is known, and what was seen or why not."""

    applied: bool
    verified_by: str
    detail: str = ""

    def to_json(self) -> JsonObject:
        """The keys of ``inspect --json``."""
        told: JsonObject = {"applied": self.applied, "verified_by": self.verified_by}
        return told | {"detail": self.detail} if self.detail else told


_Look = Callable[["_Worker"], Seen | None]


class _Worker:
    """What can be read of a worker and its zygote; a file that cannot be read is an ``OSError``."""

    def __init__(self, pid: int, zygote_pid: int, limits: WorkerLimits) -> None:
        self.pid = pid
        self.zygote_pid = zygote_pid
        self.limits = limits
        lines = self.text("status").splitlines()
        self.status: Mapping[str, str] = {
            key: value.strip() for key, _, value in (line.partition(":") for line in lines)
        }

    def path(self, name: str, *, of_zygote: bool = False) -> Path:
        return Path(f"/proc/{self.zygote_pid if of_zygote else self.pid}/{name}")

    def text(self, name: str) -> str:
        return self.path(name).read_text(encoding="utf-8", errors="replace")


def look(
    pid: int, told: str, *, zygote_pid: int = 0, limits: WorkerLimits | None = None
) -> dict[str, Seen]:
    """Return every layer of the worker *pid*, whose HELLO *told* (JSON) what it believes.

    ``limits`` are those it was started with. A worker that is gone has nothing applied.
    """
    said, why = _word_of(told)
    try:
        worker = _Worker(pid, zygote_pid, limits or WorkerLimits())
    except OSError:
        return {layer: Seen(False, PROC_STATUS, "the worker is gone") for layer in LAYERS}
    return {layer: _judge(layer, worker, said, why) for layer in LAYERS}


def _word_of(told: str) -> tuple[dict[str, bool], dict[str, str]]:
    try:
        layers: object = msgspec.json.decode(told)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return {}, {}
    if not isinstance(layers, dict):
        return {}, {}
    reasons = layers.get("why")
    return (
        {str(name): value is True for name, value in layers.items()},
        {str(k): str(v) for k, v in reasons.items()} if isinstance(reasons, dict) else {},
    )


def _judge(
    layer: str, worker: _Worker, said: Mapping[str, bool], why: Mapping[str, str]
) -> Seen:
    try:
        seen = _LOOKS[layer](worker) if layer in _LOOKS else None
    except (OSError, KeyError, ValueError, IndexError):
        seen = None  # hidden from us, or a kernel that writes it another way
    claims = said.get(layer, False)
    if seen is None:
        return Seen(claims, WORKER, why.get(layer, ""))
    if seen.applied and not claims:
        return Seen(False, WORKER, why.get(layer, "the worker does not say that it holds"))
    if claims and not seen.applied:
        return Seen(
            False, seen.verified_by, f"{seen.detail}, although the worker says it holds"
        )
    return seen if seen.applied else Seen(False, seen.verified_by, why.get(layer, seen.detail))


def _descriptors(worker: _Worker) -> Seen | None:
    try:
        found = {
            name: os.readlink(worker.path(f"fd/{name}"))
            for name in os.listdir(worker.path("fd"))
        }
    except PermissionError:
        # Linux 6.2 and newer tell everyone how many there are; older ones say nothing (0).
        count = worker.path("fd").stat().st_size
        return Seen(count == 2, "descriptor count", f"{count} are open") if count else None
    pipes = all(target.startswith("pipe:") for target in found.values())
    detail = "open: " + ", ".join(f"{n} {target}" for n, target in sorted(found.items()))
    return Seen(set(found) == {"3", "4"} and pipes, "descriptor list", detail)


def _environment(worker: _Worker) -> Seen | None:
    caught = int(worker.status["SigCgt"], 16)
    by = "proc environ"
    try:
        size = len(worker.path("environ").read_bytes())
    except PermissionError:
        size, by = len(worker.path("environ", of_zygote=True).read_bytes()), ZYGOTE
    return Seen(
        size == 0 and caught == 0, by, f"{size} bytes, {caught.bit_count()} signals handled"
    )


def _uid(worker: _Worker) -> Seen | None:
    users, groups = set(worker.status["Uid"].split()), set(worker.status["Gid"].split())
    more = worker.status["Groups"].split()
    own = len(users) == len(groups) == 1 and not more and not {"0", str(os.geteuid())} & users
    return Seen(
        own,
        PROC_STATUS,
        f"user {'/'.join(sorted(users))}, groups {'/'.join(sorted(groups | set(more)))}",
    )


def _capabilities(worker: _Worker) -> Seen | None:
    sets = ("CapInh", "CapPrm", "CapEff", "CapAmb")
    held = [name for name in sets if int(worker.status[name], 16)]
    return Seen(
        not held, PROC_STATUS, f"not empty: {', '.join(held)}" if held else "every set is empty"
    )


def _rlimits(worker: _Worker) -> Seen | None:
    hard: dict[str, str] = {}
    for line in worker.text("limits").splitlines()[1:]:
        hard[line[:26].strip()] = line[26:].split()[1]
    wrong = [name for name in _ZERO_LIMITS if hard[name] != "0"]
    expected = {
        "Max data size": worker.limits.data_bytes // 1024 * 1024,
        "Max open files": worker.limits.descriptors,
    }
    wrong += [
        name
        for name, most in expected.items()
        if not hard[name].isdigit() or int(hard[name]) > most
    ]
    detail = (
        f"higher than set: {', '.join(wrong)}"
        if wrong
        else (
            f"data {int(hard['Max data size']) >> 20} MiB, {hard['Max open files']} descriptors"
        )
    )
    return Seen(not wrong, "proc limits", detail)


def _not_dumpable(worker: _Worker) -> Seen | None:
    euid = int(worker.status["Uid"].split()[1])
    if euid == 0:
        return None  # root's files are root's either way
    owner = worker.path("status").stat().st_uid
    return Seen(owner != euid, "owner in proc", f"the kernel gives its files to user {owner}")


def _no_new_privs(worker: _Worker) -> Seen | None:
    return Seen(
        worker.status["NoNewPrivs"] == "1",
        PROC_STATUS,
        f"NoNewPrivs {worker.status['NoNewPrivs']}",
    )


def _namespaces(worker: _Worker) -> Seen | None:
    def links(of_zygote: bool) -> dict[str, str]:
        return {
            n: os.readlink(worker.path(f"ns/{n}", of_zygote=of_zygote)) for n in _NAMESPACES
        }

    by = "namespace links"
    try:
        found = links(of_zygote=False)
    except PermissionError:
        found, by = links(of_zygote=True), ZYGOTE
    shared = [n for n, link in found.items() if link == os.readlink(f"/proc/self/ns/{n}")]
    return Seen(
        not shared, by, f"the host's own: {', '.join(shared)}" if shared else ", ".join(found)
    )


def _empty_root(worker: _Worker) -> Seen | None:
    by = "root directory"
    try:
        names = os.listdir(worker.path("root/"))
    except PermissionError:
        names, by = os.listdir(worker.path("root/", of_zygote=True)), ZYGOTE
    return Seen(not names, by, f"{len(names)} entries")


def _seccomp(worker: _Worker) -> Seen | None:
    if worker.status["Seccomp"] != "2":
        return Seen(
            False, PROC_STATUS, f"Seccomp {worker.status['Seccomp']}: no filter is in force"
        )
    try:
        programs = read_filters(worker.pid)
    except ReadbackError:
        return Seen(True, PROC_STATUS, "a filter is in force")
    allowed: frozenset[tuple[int, int]] | None = None
    for program in programs:
        try:
            calls = allowed_calls(program)
        except ReadbackError:
            continue  # a container's own, which lets through nearly everything; a call must pass ours, too
        allowed = calls if allowed is None else allowed & calls
    if allowed is None:
        return Seen(False, "filter read back", "no filter bounds the system calls to a list")
    names = sorted(syscall_name(arch, number) for arch, number in allowed)
    return Seen(
        set(names) <= ALLOWED, "filter read back", f"{len(names)} calls: {', '.join(names)}"
    )


def _cgroup(worker: _Worker) -> Seen | None:
    hierarchy = find_hierarchy(Path("/proc/self/mountinfo").read_text())
    own = own_directory(hierarchy, worker.text("cgroup")) if hierarchy is not None else None
    if own is None:
        return Seen(False, "cgroup files", "no cgroup version 2")
    limits = {}
    for name in NEEDED:
        try:
            limits[name] = (own / f"{name}.max").read_text().strip()
        except OSError as error:
            limits[name] = "max" if error.errno == errno.ENOENT else "unknown"
    held = all(value.isdigit() for value in limits.values())
    return Seen(
        held, "cgroup files", ", ".join(f"{name}.max {value}" for name, value in limits.items())
    )


_LOOKS: Final[dict[str, _Look]] = {
    "descriptors": _descriptors,
    "environment": _environment,
    "uid": _uid,
    "capabilities": _capabilities,
    "rlimits": _rlimits,
    "not_dumpable": _not_dumpable,
    "no_new_privs": _no_new_privs,
    "namespaces": _namespaces,
    "empty_root": _empty_root,
    "seccomp": _seccomp,
    "cgroup": _cgroup,
}
"""Landlock and the parent-death signal have no file that shows them."""
