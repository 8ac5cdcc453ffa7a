"""Where control groups may be made, from what /proc says; what is written into one."""

from pathlib import Path

import pytest

from host.cgroup import Group, Groups, Hierarchy, find_hierarchy, own_directory, weight_of
from host.spawn import WorkerLimits

HYBRID = """\
31 20 0:29 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
36 31 0:33 / /sys/fs/cgroup/memory rw,relatime shared:5 - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:1 - cgroup2 cgroup2 rw
"""
UNIFIED = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
CONTAINER = "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
SPACES = "30 23 0:26 / /sys/fs/my\\040groups rw - cgroup2 cgroup2 rw\n"


@pytest.mark.parametrize(
    ("mountinfo", "expected"),
    [
        (HYBRID, Hierarchy("/", "/sys/fs/cgroup/unified")),
        (UNIFIED, Hierarchy("/", "/sys/fs/cgroup")),
        (CONTAINER, Hierarchy("/docker/abc", "/sys/fs/cgroup")),
        (SPACES, Hierarchy("/", "/sys/fs/my groups")),
        ("36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", None),
        ("garbage\n - \ncgroup2 - cgroup2\n", None),
        ("", None),
    ],
)
def test_the_mount_is_what_the_kernel_says(mountinfo: str, expected: Hierarchy | None) -> None:
    """Wherever it is."""
    assert find_hierarchy(mountinfo) == expected


@pytest.mark.parametrize(
    ("root", "membership", "expected"),
    [
        ("/", "0::/\n", "/cg/"),
        ("/", "4:memory:/a\n0::/user.slice/app\n", "/cg/user.slice/app"),
        ("/docker/abc", "0::/docker/abc/x\n", "/cg/x"),
        ("/docker/abc", "0::/docker/abcdef\n", None),
        ("/", "0::/../..\n", None),
        ("/", "4:memory:/a\n", None),
    ],
)
def test_our_own_directory_is_beneath_the_mount(
    root: str, membership: str, expected: str | None
) -> None:
    """Or there is none that we could reach."""
    found = own_directory(Hierarchy(root, "/cg"), membership)

    assert found == (Path(expected) if expected is not None else None)


def test_a_weight_follows_from_the_niceness() -> None:
    """As the scheduler's own table has it: a step is a quarter."""
    assert [weight_of(n) for n in (0, 1, 10, 19, -20)] == [100, 80, 11, 1, 8674]


def tree(folder: Path, given: str) -> Path:
    """What the kernel's files look like to one who writes them, without the kernel."""
    for name in ("cgroup.procs", "cgroup.subtree_control"):
        (folder / name).write_text("")
    (folder / "cgroup.subtree_control").write_text(given)
    return folder


def test_off_is_off() -> None:
    """And says so."""
    groups = Groups("off")

    assert "[plugin.sandbox] cgroup" in groups.why_not
    group = groups.make(WorkerLimits())
    assert (group.directory, group.procs_fd) == (None, -1)
    groups.give_back(group)


def test_a_directory_that_is_none_is_no_reason_to_fail(tmp_path: Path) -> None:
    """The layer says what is wrong."""
    groups = Groups(str(tmp_path))

    assert groups.parent is None
    assert groups.why_not == f"{tmp_path} is no cgroup that this process may write"
    assert groups.make(WorkerLimits()).why_not == groups.why_not


def test_a_group_that_cannot_be_made_is_no_reason_to_fail_either(tmp_path: Path) -> None:
    """A directory that only looks like one of the kernel's has no cgroup.procs in what is made there."""
    groups = Groups(str(tree(tmp_path, "")))
    group = groups.make(WorkerLimits())

    assert group.directory is None
    assert group.why_not == "making a cgroup failed: No such file or directory"
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_out_of_memory_is_read_from_the_events(tmp_path: Path) -> None:
    """By its own count, not by that of reaching the limit."""
    (tmp_path / "cgroup.procs").write_text("")
    group = Group(tmp_path)
    events = tmp_path / "memory.events"

    assert not group.ran_out_of_memory()
    events.write_text("low 0\nhigh 0\nmax 7\noom 1\noom_kill 0\n")
    assert not group.ran_out_of_memory()
    events.write_text("low 0\nhigh 0\nmax 7\noom 1\noom_kill 1\noom_group_kill 0\n")
    assert group.ran_out_of_memory()
    group.was_sent()
