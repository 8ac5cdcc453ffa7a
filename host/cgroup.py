"""Layer ``cgroup``: a control group (version 2) for each worker, where this process was given some to make.

Promises    Nothing fails where there is none: :attr:`Groups.why_not` says why. A group is used only as far as it
            was delegated: a system's manager owns the rest, and does not expect others in it.
Relies on   The kernel's files. The worker moves itself, before its lockdown, through a descriptor that was opened
            here: whoever writes into it later is nobody, as the descriptor is closed by then.
"""

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from host.spawn import WorkerLimits

NEEDED: Final = ("memory", "pids")
"""Controllers without which the layer does not hold."""
_WANTED: Final = (*NEEDED, "cpu")
_INITIAL_NAMESPACE: Final = "cgroup:[4026531835]"
_NAME: Final = "jcode-plugins"
_OWN_BYTES: Final = 64 * 1024 * 1024
"""What a worker takes beside its data segment: stack, page tables, pipes, what it was the first to touch."""
_NEUTRAL_WEIGHT: Final = 100
_WEIGHT_STEP: Final = 1.25
"""One step of niceness, as the kernel's own scheduler counts it."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Where version 2 is mounted: *root* of the hierarchy is seen at *point*."""

    root: str
    point: str


def find_hierarchy(mountinfo: str) -> Hierarchy | None:
    """Return the first cgroup2 of ``/proc/self/mountinfo``: alone, or beside version 1 (a hybrid)."""
    for line in mountinfo.splitlines():
        left, separator, right = line.partition(" - ")
        fields = left.split()
        if separator and len(fields) >= 5 and right.split()[:1] == ["cgroup2"]:
            return Hierarchy(_unescape(fields[3]), _unescape(fields[4]))
    return None


def own_directory(hierarchy: Hierarchy, membership: str) -> Path | None:
    """Return the directory of the group that ``/proc/self/cgroup`` (*membership*) names, if it can be reached."""
    for line in membership.splitlines():
        if line.startswith("0::/"):
            path, root = line[3:], hierarchy.root.rstrip("/")
            if path.startswith("/..") or not (path + "/").startswith(root + "/"):
                return None  # outside of the part that is mounted
            return Path(hierarchy.point + path[len(root) :])
    return None


def weight_of(niceness: int) -> int:
    """Return the ``cpu.weight`` that gives the share of *niceness*: 1 to 10000, 100 for 0."""
    return max(1, min(10_000, round(_NEUTRAL_WEIGHT / _WEIGHT_STEP**niceness)))


def _unescape(text: str) -> str:
    return text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return []


def _is_delegated(directory: Path) -> bool:
    """Whether its owner gave *directory* to us: systemd marks it, a container's own namespace begins with it."""
    if not all(
        os.access(directory / name, os.W_OK)
        for name in ("", "cgroup.procs", "cgroup.subtree_control")
    ):
        return False
    for mark in ("user.delegate", "trusted.delegate"):
        with suppress(OSError):
            if os.getxattr(directory, mark) == b"1":
                return True
    try:
        in_a_container = os.readlink("/proc/self/ns/cgroup") != _INITIAL_NAMESPACE
    except OSError:
        return False
    return in_a_container and Path("/proc/self/cgroup").read_text().strip().endswith("::/")


def _enable(directory: Path, controllers: Iterable[str]) -> None:
    for name in controllers:
        with suppress(OSError):
            (directory / "cgroup.subtree_control").write_text(f"+{name}")


def _parent(setting: str) -> tuple[Path | None, str]:
    """Return the directory in which groups may be made, or why there is none."""
    if setting == "off":
        return None, "switched off by [plugin.sandbox] cgroup"
    try:
        hierarchy = find_hierarchy(Path("/proc/self/mountinfo").read_text())
        membership = Path("/proc/self/cgroup").read_text()
    except OSError as error:
        return None, f"/proc tells nothing of cgroups ({error.strerror})"
    if hierarchy is None:
        return None, "cgroup version 2 is not mounted"
    if setting != "auto":
        named = Path(setting)
        if not os.access(named / "cgroup.procs", os.W_OK):
            return None, f"{setting} is no cgroup that this process may write"
        return named, ""
    own = own_directory(hierarchy, membership)
    if own is None:
        return None, "this process's own cgroup is outside of what is mounted"
    if not _is_delegated(own):
        return None, "this process's cgroup is not delegated to it (systemd: Delegate=yes)"
    # A group with processes in it (ours) gives no controllers to groups below: only the root may have both.
    above = own.parent
    if set(NEEDED) <= set(_words(own / "cgroup.subtree_control")):
        return own, ""
    if _is_delegated(above) and not _words(above / "cgroup.procs"):
        return above, ""
    return None, (
        "this process is itself in the delegated cgroup, which can thus give no controllers to others"
        " (systemd: DelegateSubgroup=)"
    )


class Group:
    """The group of one worker, or the lack of one: then ``procs_fd`` is -1 and nothing happens.

    ``why_not``: why the layer does not hold even if there is a group, else empty.
    """

    def __init__(self, directory: Path | None = None, why_not: str = "") -> None:
        self.directory = directory
        self.why_not = why_not
        self.procs_fd = -1
        if directory is not None:
            self.procs_fd = os.open(directory / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)

    def was_sent(self) -> None:
        """The worker has its descriptor: nobody else is to be moved."""
        if self.procs_fd >= 0:
            os.close(self.procs_fd)
            self.procs_fd = -1

    def kill(self) -> None:
        """End whatever is in it, in one step (Linux 5.14); older kernels leave that to the signal."""
        if self.directory is not None:
            with suppress(OSError):
                (self.directory / "cgroup.kill").write_text("1")

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel ended a process of it for its use of memory."""
        if self.directory is None:
            return False
        words = _words(self.directory / "memory.events")
        counts = dict(zip(words[::2], words[1::2], strict=False))
        return counts.get("oom_kill", "0") != "0"

    def remove(self) -> bool:
        """Remove it; False while something in it is still dying."""
        self.was_sent()
        if self.directory is not None:
            try:
                self.directory.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                return False
            self.directory = None
        return True


class Groups:
    """Makes groups for the workers of one runtime and removes them. ``why_not`` is empty if the layer holds."""

    def __init__(self, setting: str = "auto") -> None:
        self._left: list[Group] = []
        self._made = 0
        self._parent, self.why_not = _parent(setting)
        if self._parent is None:
            return
        _enable(self._parent, _WANTED)
        given = _words(self._parent / "cgroup.subtree_control")
        lacking = [name for name in NEEDED if name not in given]
        if lacking:
            self.why_not = (
                f"{self._parent} has no controller {' and '.join(lacking)} to give"
                " (version 1 may hold it, or a process is in that group itself)"
            )
            if setting == "auto":
                self._parent = None
        self._prefix = f"{_NAME}-{os.getpid()}-{secrets.token_hex(4)}"
        self._remove_stale()

    @property
    def parent(self) -> Path | None:
        """Where the groups are made."""
        return self._parent

    def make(self, limits: WorkerLimits) -> Group:
        """Return a new group with *limits* in force, or an empty stand-in."""
        self._sweep()
        if self._parent is None:
            return Group(why_not=self.why_not)
        self._made += 1
        directory = self._parent / f"{self._prefix}-{self._made}"
        try:
            directory.mkdir()
            if not self.why_not:
                _limit(directory, limits)
            return Group(directory, self.why_not)
        except OSError as error:
            with suppress(OSError):
                directory.rmdir()
            self.why_not = f"making a cgroup failed: {error.strerror}"
            self._parent = None
            return Group(why_not=self.why_not)

    def give_back(self, group: Group) -> None:
        """Remove *group*, now or when the last process in it is gone."""
        if not group.remove():
            self._left.append(group)

    def _sweep(self) -> None:
        self._left = [group for group in self._left if not group.remove()]

    def _remove_stale(self) -> None:
        """Remove what a host left that was killed; a group that is in use cannot be removed."""
        if self._parent is None:
            return
        for directory in self._parent.glob(f"{_NAME}-*"):
            if not os.path.exists(f"/proc/{directory.name.split('-')[2]}"):
                with suppress(OSError):
                    directory.rmdir()

    def close(self) -> None:
        """Remove what can be removed."""
        self._sweep()


def _limit(directory: Path, limits: WorkerLimits) -> None:
    memory = limits.data_bytes + _OWN_BYTES
    (directory / "memory.max").write_text(str(memory))
    (directory / "pids.max").write_text("1")
    with suppress(OSError):  # no swap accounting: then the limit above is the limit of both
        (directory / "memory.swap.max").write_text("0")
    with suppress(OSError):  # the controller of shares may be somebody else's
        (directory / "cpu.weight").write_text(str(weight_of(limits.niceness)))
