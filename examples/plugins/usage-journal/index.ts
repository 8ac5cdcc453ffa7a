// Usage journal: how many prompts, which tools, how long they took and how often they failed, by day.
//
// It stays in the plugin's own key-value store, in this project. Prompts themselves are kept only if the user says so.

import type { Pi } from "jcode-plugin";

interface Tool {
  calls: number;
  failures: number;
  ms: number;
}

interface Day {
  prompts: number;
  characters: number;
  tools: { [name: string]: Tool };
  texts?: string[];
}

const maxTools = 200; // of a day: names come from an agent
const maxTexts = 50;

const today = () => new Date().toISOString().slice(0, 10);

export default function (pi: Pi) {
  // One change after the other: two at once would each write what the other one did not see.
  let last: Promise<unknown> = Promise.resolve();

  function change(how: (day: Day) => void): Promise<unknown> {
    last = last.then(async () => {
      const key = `day:${today()}`;
      const day: Day = pi.kv.get(key) ?? { prompts: 0, characters: 0, tools: {} };
      how(day);
      await pi.kv.set(key, day);
      for (const old of pi.kv.list("day:").sort().slice(0, -(pi.settings.keep_days ?? 30))) await pi.kv.delete(old);
    });
    return last.catch((error) => pi.logger.warn("not noted:", error));
  }

  function count(name: string, ms: unknown, failed: boolean): Promise<unknown> {
    return change((day) => {
      const fits = Object.hasOwn(day.tools, name) || Object.keys(day.tools).length < maxTools;
      const known = fits && name !== "__proto__" ? name : "(others)";
      const tool = (day.tools[known] = Object.hasOwn(day.tools, known) ? day.tools[known] : { calls: 0, failures: 0, ms: 0 });
      tool.calls += 1;
      tool.failures += failed ? 1 : 0;
      tool.ms += typeof ms === "number" ? ms : 0;
    });
  }

  pi.on("UserPromptSubmit", async (event) => {
    await change((day) => {
      day.prompts += 1;
      day.characters += event.content.length;
      if (pi.settings.keep_prompts) day.texts = [...(day.texts ?? []), event.content.slice(0, 200)].slice(-maxTexts);
    });
  });
  pi.on("PostToolUse", async (event) => void (await count(event.tool_name, event.duration_ms, false)));
  pi.on("PostToolUseFailure", async (event) => void (await count(event.tool_name, event.duration_ms, true)));

  function report(days: number): string {
    const keys = pi.kv.list("day:").sort().slice(-days);
    if (keys.length === 0) return "Nothing was noted yet.";
    const lines = ["day         prompts  calls  failed  most used"];
    for (const key of keys) {
      const day: Day = pi.kv.get(key);
      const tools = Object.entries(day.tools).sort(([, a], [, b]) => b.calls - a.calls);
      const sum = (of: (tool: Tool) => number) => tools.reduce((total, [, tool]) => total + of(tool), 0);
      const most = tools.slice(0, 3).map(([name, tool]) => `${name} ${tool.calls} (${Math.round(tool.ms / tool.calls)} ms)`);
      const numbers = [String(day.prompts).padStart(7), String(sum((t) => t.calls)).padStart(6), String(sum((t) => t.failures)).padStart(7)];
      lines.push(`${key.slice(4)}  ${numbers.join(" ")}  ${most.join(", ")}`);
    }
    return lines.join("\n");
  }

  pi.registerTool<{ days?: number }>({
    name: "usage_report",
    description: "How many prompts and tool calls there were on the last days of this project, and which tools failed.",
    tier: "read",
    parameters: { type: "object", properties: { days: { type: "integer", minimum: 1, maximum: 366 } }, additionalProperties: false },
    handler: ({ days }) => report(days ?? 7),
  });

  pi.registerCommand("usage", { description: "Show the usage of the last days", handler: (args) => report(Number(args) || 7) });
}
