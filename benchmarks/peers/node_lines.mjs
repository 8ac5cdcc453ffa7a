// A plugin the way most agents run them: a Node child that speaks JSON lines.
// One request a line, {"id", "event", "payload"}; one answer a line, {"id", "action"}.
import { createInterface } from "node:readline";

const handlers = {
  PreToolUse(event) {
    if (event.tool_name === "never") return { action: "block" };
    return { action: "continue" };
  },
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { id, event, payload } = JSON.parse(line);
  const { action } = handlers[event](payload);
  process.stdout.write(JSON.stringify({ id, action }) + "\n");
}
