"""Many hooks and many calls over MCP against one daemon: each has its own answer, and the daemon is as it was before."""

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import mcp_types as types
import psutil
import pytest
from mcp import Client, StdioServerParameters

from tests.daemon.hooks import hook, tool
from tests.daemon.running import HANG_S, ROOT, Daemon
from tests.support.processes import descriptors_of

AT_ONCE: Final = 32
CALLS: Final = 50
WARM_UP: Final = 64
ROOM_BYTES: Final = 4 * 1024 * 1024
"""The audit's last entries, and what the allocator keeps; 1,000 hooks that left 8 KiB each would be twice that."""
ECHO: Final = """
export default (pi) => {
  pi.on("PreToolUse", (event) => {
    const command = event.tool_input.command;
    if (command?.startsWith("rm")) return { block: "no " + command };
    if (command?.startsWith("ls")) return { modified_input: { command: command + " -l" } };
  });
  const parameters = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };
  pi.registerTool({ name: "echo", description: "d", tier: "read", parameters, handler: ({ text }) => "echo " + text });
};
"""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """One that must end well."""
    made = Daemon(tmp_path / "home", tmp_path / "project")
    made.write("[plugin.timeouts]\nactionable_ms = 20000\n", {"echo": ECHO})
    made.start()
    yield made
    assert made.end() == 0


def is_right(daemon: Daemon, number: int) -> bool:
    """Run the hook of *number*: blocked, changed or let through, in turn, by two agents' commands."""
    if number % 3 == 0:
        found = hook(daemon, "jcode", tool(f"rm {number}"))
        return (found.code, found.out, found.err) == (2, "", f"no rm {number} (echo)\n")
    if number % 3 == 1:
        found = hook(daemon, "claude", tool(f"ls {number}"))
        return f'"updatedInput": {{"command": "ls {number} -l"}}' in found.out
    found = hook(daemon, "claude", tool(f"cat {number}"))
    return (found.code, found.out, found.err) == (0, "", "")


def wrong_of(daemon: Daemon, hooks: range) -> list[int]:
    """Run *hooks*, so many at a time; return those that had not their own answer."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        right = list(pool.map(lambda number: is_right(daemon, number), hooks))
    return [number for number, well in zip(hooks, right, strict=True) if not well]


class Size:
    """What a daemon holds while nobody but the one who asks is connected."""

    def __init__(self, daemon: Daemon) -> None:
        process = psutil.Process(daemon.pid)
        with daemon.client() as client:
            while (stats := client.stats())["connections"] != 1:
                pass
            self.calls = stats["calls"]
            self.descriptors = sorted(descriptors_of(daemon.pid))
            self.children = sorted(child.pid for child in process.children(recursive=True))
            self.uss: int = process.memory_full_info().uss

    def grew_from(self, before: "Size") -> str:
        """Say what is more than before, the empty string for nothing."""
        found = [
            f"{name}: {getattr(before, name)} -> {getattr(self, name)}"
            for name in ("calls", "descriptors", "children")
            if getattr(before, name) != getattr(self, name)
        ]
        if self.uss > before.uss + ROOM_BYTES:
            found.append(f"memory: {before.uss} -> {self.uss}")
        return "; ".join(found)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("hooks", [100, pytest.param(1000, marks=pytest.mark.soak)])
def test_hooks_at_once_leave_nothing(daemon: Daemon, hooks: int) -> None:
    assert wrong_of(daemon, range(WARM_UP)) == []
    before = Size(daemon)

    assert wrong_of(daemon, range(1000, 1000 + hooks)) == []

    assert Size(daemon).grew_from(before) == ""
    with daemon.raw() as raw, daemon.raw() as other:  # the control: what stays is seen
        for one in (raw, other):
            one.request(1, "hello")
            one.answer()
        assert descriptors_of(daemon.pid).keys() - set(before.descriptors)


async def calls_over_mcp(daemon: Daemon, times: int) -> list[str]:
    """Make *times* times so many calls at once, by a server of MCP that stays; return the wrong answers."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "host", "mcp", "--project", str(daemon.project)],
        env={**daemon.environment(), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )
    wrong = []
    async with Client(server) as client:
        for _ in range(times):
            answers = await asyncio.gather(
                *(client.call_tool("plugin_echo", {"text": str(at)}) for at in range(CALLS))
            )
            for at, answer in enumerate(answers):
                if answer.content != [types.TextContent(text=f"echo {at}")]:
                    wrong.append(f"{at}: {answer}")
    return wrong


@pytest.mark.soak
def test_a_thousand_hooks_beside_fifty_calls_over_mcp(daemon: Daemon) -> None:
    """The same plugin, the same worker, both doors, at the same time."""

    def both(hooks: range, times: int) -> tuple[list[int], list[str]]:
        with ThreadPoolExecutor(1) as beside:
            calls = beside.submit(asyncio.run, calls_over_mcp(daemon, times))
            return wrong_of(daemon, hooks), calls.result(HANG_S)

    assert both(range(WARM_UP), 1) == ([], [])
    before = Size(daemon)

    assert both(range(1000, 2000), 10) == ([], [])

    assert Size(daemon).grew_from(before) == ""
