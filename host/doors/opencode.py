"""The file in opencode's process that hands its hooks to the daemon. opencode runs no commands for its events.

It is the only part of ours that runs with the user's rights and outside of a worker, so it is small, takes nothing but
JSON from the socket, and bounds its own waiting: opencode does not.
"""

import json
from typing import Final

from host.doors.configs import Command
from jcode_plugins.wire import MAX_LINE_BYTES

SHIM_NAME: Final = "jcode-plugins.js"
_FIRST_LINE: Final = "// Hands opencode's hooks to jcode-plugins. Written by: jcode-plugin hook opencode --install"
_SHIM: Final = """
import { connect } from "node:net";
import { execFile } from "node:child_process";

const socketPath = process.env.JCODE_PLUGIN_SOCKET || @SOCKET@;
const failClosed = @CLOSED@;
const withinMs = 55000;
const maxBytes = @MOST@;
const guarded = ["tool.execute.before", "permission.ask"];

// No plugin can be shown it, for a reason that lasts: guarded is stopped then, even when failing open.
class Unshown extends Error {}
const isUnshown = ({ type, code }) => ["input", "config", "load"].includes(type) || ["E_GARBAGE", "E_TOO_LARGE"].includes(code);

function lineOf(directory, params) {
  let line;
  try {
    line = JSON.stringify({ id: 1, method: "hook", params, cwd: directory, env: {}, switches: {}, deadline_ms: withinMs }) + "\\n";
  } catch (error) {
    throw new Unshown(`the input cannot be handed on (${error.message})`);
  }
  if (Buffer.byteLength(line) > maxBytes) throw new Unshown(`the input is larger than ${maxBytes >> 20} MiB`);
  return line;
}

function request(line) {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const timer = setTimeout(() => socket.destroy(new Error("no answer in time")), withinMs);
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (part) => {
      text += part;
      if (text.endsWith("\\n")) socket.end();
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(timer);
      try {
        const { error, result } = JSON.parse(text);
        error ? reject(new (isUnshown(error) ? Unshown : Error)(error.message)) : resolve(result);
      } catch {
        reject(new Error("the daemon went away"));
      }
    });
    socket.write(line);
  });
}

const start = () => new Promise((done) => execFile(@PROGRAM@, @START@, () => done()));

export const JcodePlugins = async ({ directory }) => {
  const todos = new Map();
  async function ask(hook, input, output) {
    const params = { agent: "opencode", input: { hook, input, output, directory } };
    try {
      const line = lineOf(directory, params);
      const result = await request(line).catch(async (error) => {
        if (error.code !== "ENOENT" && error.code !== "ECONNREFUSED") throw error;
        await start();
        return request(line);
      });
      return result.stdout ? JSON.parse(result.stdout) : {};
    } catch (error) {
      if (failClosed || (error instanceof Unshown && guarded.includes(hook))) return { throw: `jcode-plugins cannot be asked: ${error.message}`, status: "deny" };
      console.error(`jcode-plugins: ${error.message}; going on without plugins`);
      return {};
    }
  }
  const stop = (answer) => {
    if (answer.throw) throw new Error(answer.throw);
  };
  return {
    "tool.execute.before": async (input, output) => {
      const answer = await ask("tool.execute.before", input, output);
      stop(answer);
      if (answer.args) output.args = answer.args;
    },
    "tool.execute.after": async (input, output) => {
      const answer = await ask("tool.execute.after", input, output);
      if (answer.output !== undefined) output.output = typeof answer.output === "string" ? answer.output : JSON.stringify(answer.output);
    },
    "permission.ask": async (input, output) => {
      const answer = await ask("permission.ask", input, output);
      if (answer.status) output.status = answer.status;
    },
    "chat.message": async (input, output) => {
      const answer = await ask("chat.message", input, output);
      stop(answer);
      const first = output.parts?.find((part) => part.type === "text");
      if (answer.prompt !== undefined && first) first.text = answer.prompt;
    },
    "experimental.session.compacting": async (input, output) => {
      const answer = await ask("experimental.session.compacting", input, output);
      if (typeof answer.context === "string") output.context.push(answer.context);
    },
    "experimental.text.complete": async (input, output) => void (await ask("experimental.text.complete", input, output)),
    dispose: async () => void (await ask("dispose", {}, {})),
    event: async ({ event }) => {
      const told = event.properties ?? {};
      const input = { ...told, sessionID: told.sessionID ?? told.info?.id ?? told.info?.sessionID };
      if (event.type === "todo.updated") {
        for (const todo of told.todos ?? []) {
          const before = todos.get(todo.id);
          todos.set(todo.id, todo.status);
          if (before === undefined) await ask("todo.created", { ...todo, sessionID: input.sessionID }, {});
          if (todo.status === "completed" && before !== "completed") await ask("todo.completed", { ...todo, sessionID: input.sessionID }, {});
        }
      } else if (event.type === "message.part.updated") {
        const part = told.part ?? {};
        if (part.state?.status === "error") await ask(event.type, { tool: part.tool, callID: part.callID, sessionID: part.sessionID, status: "error", error: part.state.error, args: part.state.input }, {});
      } else if (@EVENTS@.includes(event.type)) {
        await ask(event.type, input, {});
      }
    },
  };
};
"""
_EVENTS: Final = (
    "session.created",
    "session.deleted",
    "session.compacted",
    "session.idle",
    "permission.replied",
    "message.updated",
)


def shim(command: Command) -> str:
    """Return the file. What is filled in is ours: a path, an interpreter, a flag."""
    program, *words = command.start
    filled = {
        "SOCKET": command.socket,
        "CLOSED": command.fail_closed,
        "PROGRAM": program,
        "START": words,
        "EVENTS": list(_EVENTS),
        "MOST": MAX_LINE_BYTES,
    }
    text = _FIRST_LINE + _SHIM
    for name, value in filled.items():
        text = text.replace(f"@{name}@", json.dumps(value))
    return text


def is_our_shim(text: str) -> bool:
    """Whether a file with *text* was written by us."""
    return text.startswith(_FIRST_LINE)
