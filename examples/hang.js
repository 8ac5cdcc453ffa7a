// Hang: never returns from a command that starts with "hang", and is well behaved otherwise.
//
// Shows what happens to such a plugin: the agent has its answer at the deadline, with every other plugin's word in it;
// the worker is killed and started again; nobody else notices.

let seen = 0;

export default function (pi) {
  pi.on("PreToolUse", (event) => {
    seen += 1; // lost with the worker: a plugin that hangs starts from nothing
    const command = event.tool_input?.command;
    if (typeof command === "string" && command.startsWith("hang")) {
      while (true) {
        // Nothing in JavaScript can interrupt this. The kernel can.
      }
    }
  });

  pi.registerTool({
    name: "hang_seen",
    description: "How many tool calls this worker has seen",
    tier: "read",
    handler: () => seen,
  });
}
