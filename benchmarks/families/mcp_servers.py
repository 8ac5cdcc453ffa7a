"""Tools over MCP: our server, whose plugins are in a daemon, beside servers that are the tool themselves.

One client for all, the Python SDK's, with the handshake that all three know. Their tool is the same.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import mcp_types as types
from mcp import Client, StdioServerParameters

from benchmarks.families.daemon import DaemonRow
from benchmarks.families.node import node
from benchmarks.names import (
    MCP_CALL_NODE,
    MCP_CALL_OURS,
    MCP_CALL_PYTHON,
    MCP_START_NODE,
    MCP_START_OURS,
    MCP_START_PYTHON,
)
from benchmarks.payload import PEERS
from benchmarks.results import Family
from benchmarks.row import Row, SkipRowError, WrongAnswerError

T = TypeVar("T")

_ROOT: Final = Path(__file__).resolve().parents[2]
_PACKAGE: Final = "@modelcontextprotocol/sdk@1.32.2"
_INSTALL: Final = ("install", "--ignore-scripts", "--no-audit", "--no-fund")
_TOOL: Final = "plugin_echo"


class Server:
    """How a server is started, and what that needs."""

    family: Family = "peer"

    def open(self) -> StdioServerParameters:
        """Prepare it. May raise SkipRowError."""
        raise NotImplementedError

    def close(self) -> None:
        """Undo that, however far it came."""


class Ours(Server):
    """`jcode-plugin mcp`, with a daemon that has been asked before."""

    family: Family = "ours"

    def __init__(self, name: str) -> None:
        self._daemon = EchoDaemon(name)

    def open(self) -> StdioServerParameters:
        """Start the daemon."""
        self._daemon.setup()
        return StdioServerParameters(
            command=sys.executable,
            args=["-m", "host", "mcp", "--project", self._daemon.home],
            env={**self._daemon.environment(), "PYTHONPATH": str(_ROOT)},
        )

    def close(self) -> None:
        """End the daemon."""
        self._daemon.teardown()


class EchoDaemon(DaemonRow):
    """The daemon behind our server."""

    plugin = "echo.ts"

    def sample(self, n: int) -> list[float]:
        """Call the tool without MCP, so that the plugin is loaded."""
        for _ in range(n):
            if self.client().call_tool("echo", {"text": "x"}).output != "echo x":
                raise WrongAnswerError(f"{self.name}: no echo")
        return []


class Python(Server):
    """The SDK's own server, as its documentation has it."""

    def open(self) -> StdioServerParameters:
        """Nothing to prepare."""
        return StdioServerParameters(command=sys.executable, args=[str(PEERS / "mcp_echo.py")])


class Node(Server):
    """The SDK of JavaScript, as its documentation has it; installed from npm, without scripts."""

    def __init__(self) -> None:
        self._folder = ""

    def open(self) -> StdioServerParameters:
        """Install it into a directory of its own."""
        program, npm = node(), shutil.which("npm")
        if npm is None:
            raise SkipRowError("no npm on this machine")
        self._folder = tempfile.mkdtemp(prefix="jcode-bench-")
        folder = Path(self._folder)
        (folder / "package.json").write_text('{"private": true}')
        shutil.copy(PEERS / "mcp_echo.mjs", folder)
        done = subprocess.run(
            [npm, *_INSTALL, _PACKAGE], cwd=folder, capture_output=True, check=False
        )
        if done.returncode != 0:
            raise SkipRowError(f"npm could not install {_PACKAGE}")
        return StdioServerParameters(command=program, args=[str(folder / "mcp_echo.mjs")])

    def close(self) -> None:
        """Remove the directory."""
        if self._folder:
            shutil.rmtree(self._folder)
            self._folder = ""


class ServerRow(Row):
    """A server, and a loop for its client that runs only during batches."""

    def __init__(self, name: str, server: Server) -> None:
        self.name = name
        self.family = server.family
        self._server = server
        self._parameters: StdioServerParameters | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def setup(self) -> None:
        """See the right answer."""
        self._loop = asyncio.new_event_loop()
        self._parameters = self._server.open()
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds."""
        return self.run(self._sample(n))

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        """Run *coroutine* in the row's loop."""
        assert self._loop is not None
        return self._loop.run_until_complete(coroutine)

    async def _sample(self, n: int) -> list[float]:
        raise NotImplementedError

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Client]:
        """Start the server."""
        assert self._parameters is not None
        async with Client(self._parameters, mode="legacy") as client:
            yield client

    def teardown(self) -> None:
        """End whatever runs."""
        if self._loop is not None:
            self._loop.close()
            self._loop = None
        self._server.close()


class Call(ServerRow):
    """`tools/call` of a server that runs: what a model waits for beside the tool itself."""

    max_per_round = 300

    def __init__(self, name: str, server: Server) -> None:
        super().__init__(name, server)
        self._client: Client | None = None
        self._living: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    async def _sample(self, n: int) -> list[float]:
        client = await self._open()
        now = time.perf_counter_ns
        samples = [0.0] * n
        for i in range(n):
            begin = now()
            answer = await client.call_tool(_TOOL, {"text": "x"})
            samples[i] = float(now() - begin)
            if answer.content != [types.TextContent(text="echo x")]:
                raise WrongAnswerError(f"{self.name}: {answer}")
        return samples

    async def _open(self) -> Client:
        if self._client is None:
            opened = asyncio.Event()
            self._living = asyncio.create_task(self._live(opened))
            first = asyncio.create_task(opened.wait())
            await asyncio.wait((self._living, first), return_when="FIRST_COMPLETED")
            if self._client is None:
                first.cancel()
                await self._living
        assert self._client is not None
        return self._client

    async def _live(self, opened: asyncio.Event) -> None:
        """Hold the client: it is closed by the task that opened it."""
        async with AsyncExitStack() as stack:
            self._client = await stack.enter_async_context(self.connected())
            await self._client.list_tools()
            opened.set()
            await self._over.wait()

    def teardown(self) -> None:
        """End the server, then what it needed."""
        if self._living is not None and not self._living.done():
            self._over.set()
            self.run(wait_for(self._living))
        super().teardown()


async def wait_for(task: asyncio.Task[None]) -> None:
    """Wait for the end of *task*."""
    await task


class Start(ServerRow):
    """From the start of a server to its first list of tools: what an agent waits for when it starts."""

    warm_up = 1
    max_per_round = 5

    async def _sample(self, n: int) -> list[float]:
        samples = [0.0] * n
        for i in range(n):
            begin = time.perf_counter_ns()
            async with self.connected() as client:
                listed = await client.list_tools()
                samples[i] = float(time.perf_counter_ns() - begin)
            if _TOOL not in {tool.name for tool in listed.tools}:
                raise WrongAnswerError(f"{self.name}: {listed}")
        return samples


def rows() -> list[Row]:
    """A call and a start of each."""
    return [
        Call(MCP_CALL_OURS, Ours(MCP_CALL_OURS)),
        Call(MCP_CALL_NODE, Node()),
        Call(MCP_CALL_PYTHON, Python()),
        Start(MCP_START_OURS, Ours(MCP_START_OURS)),
        Start(MCP_START_NODE, Node()),
        Start(MCP_START_PYTHON, Python()),
    ]
