// Meter: one file, two halves. The server half counts what tools do; the TUI half shows it, while somebody looks.
//
// Shows: kind "both" and pi.part; one pi.kv for both halves; pi.events between them; a status; a command with a screen.

import type { Pi } from "jcode-plugin";

export const manifest = { name: "meter", kind: "both", description: "Counts the calls of tools" } as const;

export default function (pi: Pi) {
  if (pi.part === "server") {
    pi.on("PostToolUse", async () => {
      const calls = Number(pi.kv.get("calls") ?? 0) + 1;
      pi.events.emit("meter-changed", { calls });
      await pi.kv.set("calls", calls);
    });
    return;
  }

  const show = (calls: number) => pi.ui.setStatus("calls", `${calls} calls of tools`);
  pi.events.on("meter-changed", (data) => show(data.calls)); // first listen, then look
  show(Number(pi.kv.get("calls") ?? 0));
  // Told afterwards: what a TUI half answers is ignored, and nobody waits for it.
  pi.on("PostToolUseFailure", (event) => pi.ui.notify(`${event.toolName} failed`, "warning"));
  pi.registerCommand("meter-reset", {
    description: "Counts from nothing again",
    handler: async (_, ctx) => {
      if (!(await ctx.ui.confirm("Meter", "Count from nothing again?"))) return { output: "as it was" };
      await pi.kv.set("calls", 0);
      show(0);
      return { output: "0 calls" };
    },
  });
}
