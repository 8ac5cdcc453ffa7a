// Standup: a command with completions that leaves a note in the session.
//
// Shows: getArgumentCompletions; ctx.session, where the agent offers one and [plugin.allow] session = ["sendMessage"].

import type { Pi, PluginError } from "jcode-plugin";

const kinds = [
  { value: "done", label: "done", description: "what was finished" },
  { value: "next", label: "next", description: "what comes next" },
  { value: "blocked", label: "blocked", description: "what is in the way" },
];

export default function (pi: Pi) {
  pi.registerCommand("standup", {
    description: "Leave a note: /standup done|next|blocked TEXT",
    getArgumentCompletions: (prefix) => kinds.filter((kind) => kind.value.startsWith(prefix)),
    async handler(args, ctx) {
      const [kind = "", ...rest] = args.split(" ");
      if (!kinds.some((known) => known.value === kind)) return `say one of ${kinds.map((known) => known.value).join(", ")}`;
      const content = `${kind}: ${rest.join(" ")}`;
      try {
        await ctx.session.sendMessage({ content, customType: "standup" }, { deliverAs: "nextTurn" });
        return `noted: ${content}`;
      } catch (error) {
        return `kept to myself (${(error as PluginError).code}): ${content}`;
      }
    },
  });
}
