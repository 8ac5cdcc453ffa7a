// A plugin of one kilobyte, with the TypeScript that such plugins contain.
import type { PluginAPI, PreToolUseEvent } from "jcode";

enum Severity {
  Low = "low",
  High = "high",
}

interface Rule {
  readonly pattern: RegExp;
  readonly severity: Severity;
  readonly why: string;
}

const RULES: readonly Rule[] = [
  { pattern: /\brm\s+-rf\s+\//, severity: Severity.High, why: "removes the root" },
  { pattern: /\bgit\s+push\s+--force\b/, severity: Severity.Low, why: "rewrites history" },
  { pattern: /\bmkfs\b/, severity: Severity.High, why: "formats a disk" },
];

function firstMatch(command: string, rules: readonly Rule[] = RULES): Rule | undefined {
  return rules.find(({ pattern }) => pattern.test(command));
}

export default function guard(pi: PluginAPI): void {
  pi.on("PreToolUse", (event: PreToolUseEvent) => {
    const command = (event.tool_input as { command?: string }).command ?? "";
    const rule = firstMatch(command);
    if (rule?.severity === Severity.High) {
      return { block: true, reason: rule.why };
    }
  });
}
