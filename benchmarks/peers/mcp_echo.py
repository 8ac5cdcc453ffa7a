"""A server of MCP as the documentation of its SDK has it: one tool, over standard input and output."""

from mcp.server.mcpserver import MCPServer

server = MCPServer("echo")


@server.tool(name="plugin_echo", description="Says it again")
def echo(text: str) -> str:
    """Say it again."""
    return "echo " + text


server.run()
