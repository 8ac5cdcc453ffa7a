// A server of MCP as the documentation of its SDK has it: one tool, over standard input and output.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";
const server = new McpServer({ name: "echo", version: "1.0.0" });
server.registerTool("plugin_echo", { description: "Says it again", inputSchema: { text: z.string() } }, async ({ text }) => ({ content: [{ type: "text", text: "echo " + text }] }));
await server.connect(new StdioServerTransport());
