"""``mcp``: plugins' tools for a client of MCP, until standard input ends."""

import asyncio
import os
from importlib.util import find_spec
from pathlib import Path

from host.cli.run import version
from host.cli.session import show_logs
from host.errors import InputError
from jcode_plugins import AsyncClient


def run_mcp(project: Path | None) -> int:
    """Serve the tools of the plugins of *project*, or of the current directory; return the exit code."""
    if find_spec("mcp") is None:
        raise InputError(
            'the MCP server needs the package mcp: pip install "jcode-plugins[mcp]"'
        )
    from host.doors.mcp_server import ToolServer  # two seconds of imports

    show_logs()
    directory = project.absolute() if project is not None else Path.cwd()
    if not directory.is_dir():
        raise InputError(f"{directory} is no directory")

    def connect() -> AsyncClient:
        return AsyncClient(project_dir=directory, environment=os.environ, start=True)

    async def serve() -> None:
        await ToolServer(connect, version()).run()

    asyncio.run(serve())
    return 0
