// Report: a tool that says how far it is, keeps to what it returns, and asks another plugin's tool.
//
// Shows: onUpdate; outputSchema; ctx.callTool, which takes a permission: [plugin.allow] tools = ["count_words:call"].

import type { Pi, PluginError } from "jcode-plugin";

export default function (pi: Pi) {
  pi.registerTool<{ texts: string[] }>({
    name: "report",
    description: "Count the words of several texts.",
    tier: "read",
    parameters: {
      type: "object",
      required: ["texts"],
      properties: { texts: { type: "array", items: { type: "string" } } },
    },
    outputSchema: {
      type: "object",
      required: ["words"],
      properties: { words: { type: "number" }, by: { type: "string" } },
    },
    async handler({ texts }, ctx) {
      let words = 0;
      let by = pi.name;
      for (const [at, text] of texts.entries()) {
        try {
          const counted = await ctx.callTool("count_words", { text });
          words += Number(counted.output);
          by = "count_words";
        } catch (error) {
          // No such tool, no permission, a guard's no: each has a code, and this one can do without.
          ctx.logger.debug(`count_words: ${(error as PluginError).code}`);
          words += text.split(/\s+/).filter(Boolean).length;
        }
        ctx.onUpdate({ output: `${at + 1} of ${texts.length}` });
      }
      return { output: { words, by } };
    },
  });
}
