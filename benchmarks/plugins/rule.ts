// A guard that blocks one command and rewrites another.
export default function (pi) {
  pi.on("PreToolUse", (event) => {
    const command = event.tool_input.command;
    if (command.startsWith("rm -rf ")) return { block: true, reason: "no recursive removal" };
    if (command.startsWith("npm ")) {
      return { modified_input: { ...event.tool_input, command: "p" + command } };
    }
  });
}
