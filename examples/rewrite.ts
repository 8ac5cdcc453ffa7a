// Rewrite: changes what goes in and what comes out, instead of refusing it.
//
// Shows: a prompt rewritten by a returned field; a tool's input rewritten by writing to `output`; lines added to the
// system prompt; a tool's output with its secrets masked.

const shorthands: Record<string, string> = {
  "!test": "Run the test suite and fix what fails, one failure at a time.",
  "!review": "Review the uncommitted changes and list problems, worst first. Change nothing.",
};

const secrets = /\b(sk-[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16})\b/g;

/** Mask secrets in every text of a JSON value. */
function masked(value: unknown): unknown {
  if (typeof value === "string") return value.replace(secrets, (found) => `${found.slice(0, 4)}***`);
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner)]));
  }
  return value;
}

export default function (pi: any) {
  pi.on("UserPromptSubmit", (event: any) => {
    const [first = "", ...rest] = event.content.split(" ");
    const text = shorthands[first];
    if (text !== undefined) return { modified_prompt: [text, ...rest].join(" ") };
  });

  pi.on("PreToolUse", (event: any, output: any) => {
    const command = event.tool_input?.command;
    if (typeof command !== "string") return;
    const better = command.replace(/(^|[;&|]\s*)npm(?=\s+(install|run|test|ci)\b)/g, "$1pnpm");
    if (better !== command) output.modified_input = { ...event.tool_input, command: better };
  });

  pi.on("AgentStart", () => ({ additional_system_prompt: ["This project uses pnpm, not npm."] }));

  pi.on("PostToolUse", (event: any) => {
    const clean = masked(event.tool_output);
    if (JSON.stringify(clean) !== JSON.stringify(event.tool_output)) return { modified_output: clean };
  });
}
