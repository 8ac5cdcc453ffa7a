// Relay: two plugins in one file's worth of ideas. It tells the others of its workspace what tools do, and hears them.
//
// Shows: pi.events between plugins (a copy, later, with who sent it); a count that another plugin may ask for.

import type { Pi } from "jcode-plugin";

export default function (pi: Pi) {
  const used: Record<string, number> = {};

  pi.on("PostToolUse", (event) => {
    used[event.tool_name] = (used[event.tool_name] ?? 0) + 1;
    // Nobody has to wait for it: what is refused (too many, too large) is lost, and this handler goes on.
    pi.events.emit("tool-used", { tool: event.toolName, times: used[event.tool_name] });
  });

  pi.events.on("tool-used", (data, about) => {
    if (about.from !== pi.name) pi.logger.info(`${about.from} saw ${data.tool}`);
  });
}
