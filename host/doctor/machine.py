"""The kernel and what is around this process: what it offers for the isolation of workers."""

import ctypes
import os
import re
from pathlib import Path
from typing import Final

from host.cgroup import Groups
from host.doctor.rows import Row
from host.kernel_log import KernelLog
from host.surroundings import KILL, SETGID, SETUID, SYS_ADMIN, SYS_PTRACE, Surroundings

MACHINES: Final = ("x86_64", "aarch64")
"""Architectures that have a table of system calls."""
_OLDEST: Final = (5, 3)
"""pidfds of processes that exist already, without which no end of a worker would be noticed for sure."""
_LANDLOCK_SINCE: Final = (5, 13)
_LANDLOCK_CREATE_RULESET: Final = 444
_LANDLOCK_ASK_VERSION: Final = 1
_NEWEST_ABI_USED: Final = 6


def landlock_abi() -> int:
    """Return the kernel's Landlock ABI, 0 if it has none or hides it."""
    libc = ctypes.CDLL(None)
    libc.syscall.restype = ctypes.c_long
    asked = libc.syscall(
        ctypes.c_long(_LANDLOCK_CREATE_RULESET),
        None,
        ctypes.c_long(0),
        ctypes.c_long(_LANDLOCK_ASK_VERSION),
    )
    return max(int(asked), 0)


def kernel_of(release: str) -> tuple[int, int]:
    """Return the first two numbers of a kernel's *release*, for example (6, 18)."""
    found = re.match(r"(\d{1,4})\.(\d{1,4})", release)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def not_available(layer: str, around: Surroundings, groups: Groups) -> str:
    """Return why this machine cannot give *layer* to this host, or nothing; the same without starting a worker."""
    machine = os.uname().machine
    if layer == "landlock" and not landlock_abi():
        return "the kernel has no Landlock, or a filter hides it"
    if layer == "seccomp":
        if machine not in MACHINES:
            return f"no table of system calls for {machine}"
        actions = _text("/proc/sys/kernel/seccomp/actions_avail")
        return (
            ""
            if "kill_process" in actions.split()
            else "the kernel has no seccomp filters that kill"
        )
    if layer == "cgroup":
        return groups.why_not
    needed = {
        "uid": (SETUID, SETGID, KILL),
        "namespaces": (SYS_ADMIN,),
        "empty_root": (SYS_ADMIN,),
    }.get(layer, ())
    if all(around.has(number) for number in needed) and (layer != "uid" or around.is_root):
        return ""
    return (
        "the host is root without the capabilities"
        if around.is_root
        else "the host is not root"
    )


def check_machine(around: Surroundings, groups: Groups) -> list[Row]:
    """Return a row for each part of the system that isolation depends on."""
    log = KernelLog()
    try:
        can_name = log.is_open
    finally:
        log.close()
    return [
        _kernel(),
        _architecture(),
        _landlock(),
        _user_namespaces(around),
        Row("cgroup", "note", groups.why_not, _DELEGATE)
        if groups.why_not
        else Row("cgroup", "ok", f"limits in {groups.parent}"),
        _host_user(around),
        Row(
            "container",
            "note",
            around.container,
            "see that it allows what the layers above miss",
        )
        if around.container
        else Row("container", "ok", "none that shows"),
        _filter_on_host(around),
        Row("kernel log", "ok", "readable: a forbidden system call is named in the audit")
        if can_name
        else Row(
            "kernel log",
            "note",
            "not readable: a forbidden system call is not named in the audit",
            "run the host with CAP_SYSLOG, or with kernel.dmesg_restrict=0",
        ),
    ]


_DELEGATE: Final = (
    "not needed; to have it, delegate one to the host (systemd: Delegate=yes and DelegateSubgroup=), or name a"
    " directory of cgroup2 in [plugin.sandbox] cgroup"
)


def _kernel() -> Row:
    release = os.uname().release
    version = kernel_of(release)
    if version < _OLDEST:
        return Row(
            "kernel", "bad", release, "use Linux 5.3 or newer; 5.13 or newer has Landlock"
        )
    if version < _LANDLOCK_SINCE:
        return Row("kernel", "warn", release, "use Linux 5.13 or newer, which has Landlock")
    return Row("kernel", "ok", release)


def _architecture() -> Row:
    machine = os.uname().machine
    if machine not in MACHINES:
        return Row("architecture", "bad", machine, f"use one of {', '.join(MACHINES)}")
    return Row("architecture", "ok", machine)


def _landlock() -> Row:
    abi = landlock_abi()
    if not abi:
        return Row(
            "landlock ABI",
            "warn",
            "none",
            "boot with landlock among lsm=, and allow it in the container",
        )
    if abi < _NEWEST_ABI_USED:
        lacks = (
            "signals and abstract sockets" if abi >= 4 else "TCP, signals and abstract sockets"
        )
        return Row(
            "landlock ABI",
            "note",
            f"{abi}: files, but not {lacks}",
            "use Linux 6.12 or newer for them",
        )
    return Row("landlock ABI", "ok", str(abi))


def _user_namespaces(around: Surroundings) -> Row:
    """Not used by us; listed because whoever looks for isolation looks for them."""
    most = _text("/proc/sys/user/max_user_namespaces")
    debian = _text("/proc/sys/kernel/unprivileged_userns_clone")
    if not os.path.exists("/proc/self/ns/user") or most == "0":
        return Row("user namespaces", "ok", "none; not used")
    if debian == "0":
        return Row("user namespaces", "ok", "for root only; not used")
    if around.restricts_userns:
        return Row("user namespaces", "ok", "restricted by AppArmor; not used")
    return Row("user namespaces", "ok", "there; not used")


def _host_user(around: Surroundings) -> Row:
    if not around.is_root:
        return Row(
            "host's user",
            "note",
            f"{os.geteuid()}: workers run as the same user, in its network and root",
            "not needed; a host that is root gives each worker a user, a network and an empty root of its own",
        )
    lacking = [
        name
        for name, number in (
            ("CAP_SETUID", SETUID),
            ("CAP_SETGID", SETGID),
            ("CAP_KILL", KILL),
            ("CAP_SYS_ADMIN", SYS_ADMIN),
            ("CAP_SYS_PTRACE", SYS_PTRACE),
        )
        if not around.has(number)
    ]
    if lacking:
        return Row(
            "host's user",
            "note",
            f"root without {', '.join(lacking)}",
            "add these capabilities",
        )
    return Row("host's user", "ok", "root")


def _filter_on_host(around: Surroundings) -> Row:
    if around.is_filtered:
        return Row(
            "filter on the host",
            "note",
            "a seccomp filter is in force on this process already; a worker's own cannot be read back",
            "nothing, or run this outside of the container once",
        )
    return Row("filter on the host", "ok", "none")


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
