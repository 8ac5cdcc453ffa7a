// The smallest real plugin: looks at the tool's name and lets the call go on.
export default function (pi) {
  pi.on("PreToolUse", (event) => {
    if (event.tool_name === "never") return { block: true };
  });
}
