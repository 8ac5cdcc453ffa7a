// Workbench: notes, checkpoints and a gentle hand on the session. It uses every part of the API once.
//
// Shows: `export default async function (pi)`; events with every shape of result; tools with a schema, tiers, content
// blocks, cancellation; commands, flags, shortcuts; settings; the key-value store; timers, sleep, uuid, logging;
// a second file, a JSON file, and a schema library that the host provides.

import { Type } from "typebox";
import defaults from "./workbench/defaults.json";
import { Notes } from "./workbench/notes";

export const manifest = {
  name: "workbench",
  version: "1.0.0",
  description: "Notes and checkpoints for a session",
  tier: "read", // the least of its tools; each may say more
};

interface Counters {
  turns: number;
  failures: number;
  ticks: number;
  firstSession: string | null;
}

export default async function (pi: any) {
  const notes = new Notes(pi.kv, () => pi.uuid());
  const counters: Counters = { turns: 0, failures: 0, ticks: 0, firstSession: null };

  // Settings: the operator's, frozen as `pi.settings` or as a copy, or one at a time with a default.
  const greeting: string = pi.getConfig("greeting", defaults.greeting);
  const blockedWords: string[] = pi.settings.blocked_words ?? [];
  const strict: boolean = pi.getSettings().strict === true;

  // Flags and shortcuts are listed; a front end that has a command line and keys acts on them.
  pi.registerFlag("workbench-style", { type: "string", default: defaults.style, description: "short or long notes" });
  pi.registerFlag("workbench-quiet", { description: "add nothing to the system prompt" });
  pi.registerShortcut("Ctrl+N", { description: "Add a note", handler: () => undefined });
  pi.registerMessageRenderer("workbench-note", (message: any) => message.content);
  pi.registerProvider("workbench-local", { baseUrl: "http://localhost:8080/v1", models: ["local"] });

  // --- tools -----------------------------------------------------------------------------------------------

  pi.registerTool({
    name: "note_add",
    label: "Add note",
    description: "Keep a note for later in this project",
    tier: "write",
    parameters: Type.Object({
      text: Type.String({ minLength: 1, description: "what to remember" }),
      tags: Type.Optional(Type.Array(Type.String())),
    }),
    async handler(params: any, ctx: any) {
      const note = await notes.add(params.text, params.tags);
      ctx.logger.info(`note ${note.id} of session ${ctx.sessionId}`);
      return { title: "Note kept", output: note.id, metadata: { count: notes.all().length } };
    },
  });

  pi.registerTool({
    name: "note_list",
    description: "List the notes of this project",
    tier: "read",
    // The other way to write a tool: execute(toolCallId, params, signal, onUpdate, ctx), and content blocks.
    execute: async () => ({
      content: notes.all().map((note) => ({ type: "text", text: describe(note) })),
      details: { count: notes.all().length },
    }),
  });

  pi.registerTool({
    name: "note_remove",
    description: "Forget a note",
    tier: "write",
    parameters: Type.Object({ id: Type.String() }),
    async handler(params: any) {
      // An error that the model should read is a throw.
      if (!(await notes.remove(params.id))) throw new Error(`there is no note ${params.id}`);
      return `forgot ${params.id}`;
    },
  });

  pi.registerTool({
    name: "pause",
    description: "Wait for some milliseconds",
    tier: "read",
    parameters: Type.Object({ ms: Type.Integer({ minimum: 0, maximum: 60_000 }) }),
    async handler(params: any, ctx: any) {
      // Waiting blocks nobody. A sleep of `ctx` ends with its call: no timer is left behind when it is cancelled.
      ctx.signal.addEventListener("abort", () => console.warn("the pause was cancelled"));
      const began = Date.now();
      await ctx.sleep(params.ms);
      return { output: Date.now() - began >= params.ms - 1 };
    },
  });

  // A tool can come and go; the agent's list follows.
  pi.registerTool({ name: "draft", description: "Only here to be taken back", handler: () => "never" });
  pi.unregisterTool("draft");
  pi.logger.debug(`tools: ${pi.getTools().map((tool: any) => tool.name).join(", ")}`);

  // --- commands --------------------------------------------------------------------------------------------

  pi.registerCommand("notes", {
    description: "List notes, or those with a tag",
    handler: (args: string) => notes.all().filter((note) => args === "" || note.tags.includes(args)).map(describe).join("\n"),
  });
  pi.registerCommand("workbench", {
    description: "What this plugin has seen",
    handler: (_args: string, ctx: any) => ({ output: { ...counters, cwd: ctx.cwd, name: pi.name, id: pi.id } }),
  });

  function describe(note: { id: string; text: string; tags: string[] }): string {
    const long = pi.getFlag("workbench-style") === "long";
    return long ? `${note.id} [${note.tags.join(", ")}] ${note.text}` : note.text;
  }

  // --- timers ----------------------------------------------------------------------------------------------

  // The host holds the clock, so that an idle worker is one that waits for a single read.
  const ticking = setInterval(() => {
    counters.ticks += 1;
    if (counters.ticks === 3) clearInterval(ticking);
  }, 10);
  const never = setTimeout(() => pi.logger.error("this never runs"), 60_000);
  clearTimeout(never);
  await pi.sleep(1); // loading may wait, too
  queueMicrotask(() => console.log(greeting));

  // --- events: every way to answer --------------------------------------------------------------------------

  pi.once("SessionStart", (event: any) => {
    counters.firstSession = event.session_id; // observing: nothing is returned
  });

  pi.on("TurnEnd", () => {
    counters.turns += 1;
  });

  pi.on("PostToolUseFailure", () => {
    counters.failures += 1;
    return { action: "continue" }; // the long way to say nothing
  });

  pi.on("AgentStart", (_event: any, output: any) => {
    // Writing to `output` instead of returning; camelCase is understood, too.
    if (pi.getFlag("workbench-quiet") !== true) output.additionalSystemPrompt = [greeting];
  });

  pi.on("PreToolUse", (event: any) => {
    const text = JSON.stringify(event.tool_input ?? {});
    const word = blockedWords.find((candidate) => text.includes(candidate));
    if (word !== undefined) return { action: { block: `the operator blocks "${word}"` } };
  });

  pi.on("PostToolUse", (event: any) => {
    if (typeof event.tool_output === "string" && event.tool_output.length > 2000) {
      return { modified_output: `${event.tool_output.slice(0, 2000)}\n[cut by workbench]` };
    }
  });

  pi.on("UserPromptSubmit", async (event: any, _output: any, ctx: any) => {
    if (!event.content.startsWith("note: ")) return undefined;
    const text = event.content.slice("note: ".length);
    await notes.add(text, [ctx.sessionId]);
    return { modified_prompt: `I have just noted: ${text}` };
  });

  pi.on("PermissionRequest", (event: any) => {
    if (strict && event.action === "network") return { decision: "deny", message: "no network in strict mode" };
    return { decision: "ask" };
  });

  pi.on("PreCompact", () => ({ output: { instructions: `Keep these notes: ${notes.all().map(describe).join("; ")}` } }));

  pi.on("Notification", (event: any) => {
    if (event.level === "debug") return { suppress: true };
    return { modified_message: `[workbench] ${event.message}` };
  });

  pi.on("Stop", () => (notes.all().length > 0 ? { reason: `${notes.all().length} notes are kept` } : undefined));

  // A handler can be taken back by what on() returned, or with off().
  const impatient = () => ({ block: "never asked: it is unsubscribed below" });
  const unsubscribe = pi.on("UserPromptSubmit", impatient);
  unsubscribe();
  pi.on("UserPromptSubmit", impatient);
  pi.off("UserPromptSubmit", impatient);
}
