"""Our MCP server on loopback, for the conformance suite, which knows no other way: `python -m tests.mcp.over_http PROJECT`.

The suite calls tools by names of its own, so they are offered without the prefix that plugins' tools have. Prints the port.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Iterable

import uvicorn

from host.doors.mcp_server import ToolServer
from jcode_plugins import AsyncClient, ToolInfo


def bare_names(tools: Iterable[ToolInfo]) -> dict[str, str]:
    """As the suite calls them."""
    return {tool.name.removeprefix("plugin_"): tool.name for tool in tools}


async def serve(project: str) -> None:
    """Listen on a free port until the process is ended."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = ToolServer(
        lambda: AsyncClient(project_dir=project, environment=os.environ), "1", names=bare_names
    )
    app = server.server.streamable_http_app()
    print(listening.getsockname()[1], flush=True)
    await uvicorn.Server(uvicorn.Config(app, log_level="error")).serve(sockets=[listening])


asyncio.run(serve(sys.argv[1]))
