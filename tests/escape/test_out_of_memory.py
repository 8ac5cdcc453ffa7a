"""A worker that the kernel ends for its use of memory: its own fault, although the signal is that of a kill from outside."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host import BlockingPluginHost
from host.audit import Kind
from host.cgroup import find_hierarchy
from tests.support.processes import wait_gone

SOURCE = """
pi.on("PreToolUse", () => { const kept = []; for (let i = 0; i < 40; i++) kept.push(new Uint8Array(1 << 20).fill(i)); });
"""
EVENT = {"tool_name": "bash", "tool_input": {}, "session_id": "s"}
ROOM = 16 << 20


def _places() -> list[tuple[Path, str]]:
    """Directories in which groups with a limit of memory can be made, and the file of the limit."""
    found = [(Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes")]
    hierarchy = find_hierarchy(Path("/proc/self/mountinfo").read_text())
    if hierarchy is not None:
        point = Path(hierarchy.point)
        enabled = (point / "cgroup.subtree_control").read_text().split()
        found += [(point, "memory.max")] if "memory" in enabled else []
    return [(path, name) for path, name in found if (path / "cgroup.procs").exists()]


pytestmark = pytest.mark.skipif(
    os.getuid() != 0 or not _places(), reason="needs root and a controller of memory"
)


@pytest.fixture
def tight() -> Iterator[Callable[[int], None]]:
    """Return a function that moves a process to where there is little memory."""
    parent, limit = _places()[0]
    group = parent / f"jcode-test-memory-{os.getpid()}"
    group.mkdir()

    def move(pid: int) -> None:
        (group / limit).write_text(str(ROOM))
        (group / "cgroup.procs").write_text(str(pid))

    yield move
    group.rmdir()


def test_an_end_for_want_of_memory_is_the_plugins_own(
    tmp_path: Path, tight: Callable[[int], None]
) -> None:
    """Killed by the kernel as it takes 40 MiB where there are 16; where there is room it answers."""
    path = tmp_path / "plugin.js"
    path.write_text(SOURCE)
    with BlockingPluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
        (pid,) = host.load(path).pids
        assert host.dispatch("PreToolUse", EVENT).results[0].error is None
        assert host.audit.recent(9, kind=Kind.KILLED) == []
        (pid,) = host.plugins()[0].pids

        tight(pid)
        outcome = host.dispatch("PreToolUse", EVENT)
        assert not wait_gone([pid])

        assert "use of memory" in (outcome.results[0].error or "")
        assert [entry.code for entry in host.audit.recent(9, kind=Kind.KILLED)] == ["E_MEMORY"]
        assert host.audit.recent(9, kind=Kind.CRASHED) == []
