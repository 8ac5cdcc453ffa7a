"""Workers in control groups of the running kernel, in a directory that a test made for them as root."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config
from host.audit import Kind
from host.cgroup import Groups, find_hierarchy
from host.errors import IsolationError
from host.spawn import WorkerLimits
from tests.support.processes import wait_gone

PLUGIN = 'export default (pi) => { pi.on("PreToolUse", () => ({ action: "continue" })); };'
EVENT = {"tool_name": "bash", "tool_input": {}, "session_id": "s"}
HIERARCHY = find_hierarchy(Path("/proc/self/mountinfo").read_text())

pytestmark = pytest.mark.skipif(
    os.getuid() != 0 or HIERARCHY is None, reason="needs root and a mounted cgroup version 2"
)


@pytest.fixture
def parent() -> Iterator[Path]:
    """A directory beneath the hierarchy, with what its neighbours have."""
    assert HIERARCHY is not None
    made = Path(HIERARCHY.point) / f"jcode-test-{os.getpid()}"
    made.mkdir()
    yield made
    for left in made.iterdir():
        if left.is_dir():
            left.rmdir()
    made.rmdir()


@pytest.fixture
def make_host(tmp_path: Path, parent: Path) -> Iterator[Callable[..., BlockingPluginHost]]:
    """Return a function that makes a host whose workers get groups in *parent*."""
    made: list[BlockingPluginHost] = []

    def make(**sandbox: object) -> BlockingPluginHost:
        config = Config.model_validate({"sandbox": {"cgroup": str(parent), **sandbox}})
        made.append(BlockingPluginHost(config, project_dir=tmp_path, home=tmp_path / "home"))
        return made[-1].__enter__()

    yield make
    for host in made:
        host.close()


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A plugin that loads."""
    path = tmp_path / "plugin.js"
    path.write_text(PLUGIN)
    return path


def group_of(pid: int) -> str:
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    (own,) = [line[3:] for line in lines if line.startswith("0::")]
    return own


def groups_in(parent: Path) -> list[Path]:
    return [path for path in parent.iterdir() if path.is_dir()]


def test_a_worker_is_alone_in_a_group_of_its_own(
    make_host: Callable[..., BlockingPluginHost], parent: Path, plugin: Path, tmp_path: Path
) -> None:
    """Itself and nobody else: not the host, not the zygote, not its neighbour."""
    host = make_host()
    other = tmp_path / "other.js"
    other.write_text(PLUGIN)
    pids = [host.load(path).pids[0] for path in (plugin, other)]

    groups = {pid: group_of(pid) for pid in pids}
    assert len(set(groups.values())) == 2
    for pid, group in groups.items():
        assert Path(group).parent.name == parent.name
        assert (parent / Path(group).name / "cgroup.procs").read_text().split() == [str(pid)]
    assert Path(group_of(os.getpid())).parent.name != parent.name

    host.close()
    assert groups_in(parent) == []


def test_a_group_that_is_killed_takes_its_worker_and_the_next_gets_a_new_one(
    make_host: Callable[..., BlockingPluginHost], parent: Path, plugin: Path
) -> None:
    """By cgroup.kill, as its host ends it; from outside, so it costs a restart and no blame."""
    host = make_host()
    (pid,) = host.load(plugin).pids
    group = parent / Path(group_of(pid)).name
    (group / "cgroup.kill").write_text("1")
    assert not wait_gone([pid])

    host.dispatch("PreToolUse", EVENT)
    host.dispatch("PreToolUse", EVENT)

    (new,) = host.plugins()[0].pids
    assert Path(group_of(new)).name != group.name
    assert [entry.code for entry in host.audit.recent(9, kind=Kind.CRASHED)] == ["E_SIGNAL"]


def test_the_kill_of_a_group_is_enough(parent: Path) -> None:
    """What the host writes ends a process in it without any signal of ours."""
    group = Groups(str(parent)).make(WorkerLimits())
    pid = os.fork()
    if pid == 0:
        os.write(group.procs_fd, b"0")
        os.read(os.pipe()[0], 1)
        os._exit(0)
    assert group.directory is not None
    while not (group.directory / "cgroup.procs").read_text():
        os.sched_yield()
    assert not group.remove()  # in use

    group.kill()

    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == 9
    assert group.remove()


def test_without_controllers_the_layer_does_not_hold(
    make_host: Callable[..., BlockingPluginHost], parent: Path, plugin: Path
) -> None:
    """The group is there and of use, but bounds nothing: that is said, and whoever requires it gets nothing."""
    controllers = (parent / "cgroup.controllers").read_text().split()
    if {"memory", "pids"} <= set(controllers):
        with suppress(OSError):
            (parent / "cgroup.subtree_control").write_text("+memory +pids")
        limits = WorkerLimits()
        groups = Groups(str(parent))
        assert groups.why_not == ""
        group = groups.make(limits)
        assert group.directory is not None
        assert int((group.directory / "memory.max").read_text()) > limits.data_bytes
        assert (group.directory / "pids.max").read_text() == "1\n"
        groups.give_back(group)
        return
    info = make_host().load(plugin)
    assert '"cgroup":false' in info.layers
    assert "has no controller memory and pids to give" in info.layers
    with pytest.raises(IsolationError, match="layer cgroup of the sandbox does not hold"):
        make_host(require=["cgroup"]).load(plugin)


def test_what_a_killed_host_left_is_removed_by_the_next(parent: Path) -> None:
    """Empty groups of a process that is gone, and no other."""
    gone = parent / "jcode-plugins-4194999-aa-1"  # above the highest process id there is
    ours = parent / f"jcode-plugins-{os.getpid()}-bb-1"
    for directory in (gone, ours):
        directory.mkdir()

    Groups(str(parent))

    assert groups_in(parent) == [ours]
