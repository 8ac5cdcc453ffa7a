// Token meter: what this session costs, in the status bar, and what all of them cost, when you ask.
//
// Few agents tell a plugin how many tokens a model took. Where one does (`usage` beside an event) its numbers count. Where none
// does they are estimated from the length of what the plugin is told, and everything that is shown says so with a "~".

import type { Pi } from "jcode-plugin";
import { type Count, add, none, reported, tokensOf } from "./counting.ts";

interface Session extends Count {
  since: string;
  /** The event whose `usage` is believed; "" as long as none had any. */
  source: string;
}

/** A session as this worker knows it. */
interface Live {
  id: string;
  sum: Session;
  /** What the turn under way has taken so far, estimated. */
  open: Count;
  /** Tokens that the model has before it, estimated: what every call begins with, and the conversation. */
  base: number;
  talk: number;
  /** Something is there that the model has not read yet. */
  unread: boolean;
  /** An agent has begun and not ended: its turns are settled together, with what its end may report. */
  isRunning: boolean;
  warned: number;
}

const maxLive = 100;
const stamp = () => new Date().toISOString();
const plain = (n: number) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");
const short = (n: number) => (n < 1000 ? String(Math.round(n)) : n < 1e6 ? `${(n / 1000).toFixed(1)}k` : `${(n / 1e6).toFixed(2)}M`);

export default function (pi: Pi) {
  const { price_in, price_out, price_cached, currency, budget, warn_percent, bytes_per_token, keep_days } = pi.settings;
  const tokens = (value: unknown) => tokensOf(value, bytes_per_token);
  const live = new Map<string, Live>();
  let pruned = "";

  const cost = (count: Count) => (count.in * price_in + count.cached * price_cached + count.out * price_out) / 1e6;

  function money(amount: number): string {
    const digits = amount.toFixed(amount > 0 && amount < 0.1 ? 4 : 2);
    return currency.length === 1 ? currency + digits : `${digits} ${currency}`;
  }

  function sessionOf(given: string | undefined): Live {
    const id = given ?? "";
    const known = live.get(id);
    if (known) return known;
    if (live.size >= maxLive) live.delete(live.keys().next().value!);
    const sum: Session = pi.kv.get(`session:${id.slice(0, 200)}`) ?? { ...none(), since: stamp(), source: "" };
    const made = { id, sum, open: none(), base: 0, talk: 0, unread: false, isRunning: false, warned: 0 };
    live.set(id, made);
    return made;
  }

  // --- what happened --------------------------------------------------------------------------------------

  /** The model does something: it has read all that there is, if anything of it was new. */
  function reads(session: Live): void {
    if (session.unread) session.open.in += session.base + session.talk;
    session.unread = false;
  }

  /** The model wrote *count* tokens. */
  function writes(session: Live, count: number): void {
    reads(session);
    session.open.out += count;
    session.talk += count;
  }

  /** Take the agent's own numbers, if *event* has any. Of events that have some the first kind counts: they may tell the same twice. */
  function measure(session: Live, event: { event: string; [more: string]: any }): Promise<void> | undefined {
    const usage = reported(event);
    if (usage === null || (session.sum.source !== "" && session.sum.source !== event.event)) return undefined;
    session.sum.source = event.event;
    session.open = none(); // the estimate of what is now known
    return keep(session, usage);
  }

  /** Keep what the turn took. */
  function settle(session: Live): Promise<void> | undefined {
    const { open } = session;
    session.open = none();
    if (session.sum.source !== "" || open.in + open.out === 0) return undefined;
    return keep(session, { ...open, guessed: open.in + open.out });
  }

  async function keep(session: Live, count: Count): Promise<void> {
    // A key for each day and session: only this worker writes it, so that nothing that another session notes is lost.
    const id = session.id.slice(0, 200);
    const day = `day:${stamp().slice(0, 10)}:${id}`;
    add(session.sum, count);
    show(session);
    await Promise.all([pi.kv.set(`session:${id}`, session.sum), pi.kv.set(day, add(pi.kv.get(day) ?? none(), count)), prune()]);
  }

  async function prune(): Promise<void> {
    const today = stamp().slice(0, 10);
    if (pruned === today) return;
    pruned = today;
    const first = new Date(Date.now() - keep_days * 86_400_000).toISOString().slice(0, 10);
    for (const key of pi.kv.list("day:")) if (key.slice(4, 14) < first) await pi.kv.delete(key);
    const seen = new Set(pi.kv.list("day:").map((key) => key.slice(15)));
    for (const key of pi.kv.list("session:")) {
      if (!seen.has(key.slice(8)) && pi.kv.get(key).since.slice(0, 10) < first) await pi.kv.delete(key);
    }
  }

  pi.on("AgentStart", (event) => {
    const session = sessionOf(event.session_id);
    session.base = tokens(event.system_prompt) + tokens(event.tools);
    session.isRunning = true;
  });

  pi.on("UserPromptSubmit", async (event) => {
    const session = sessionOf(event.session_id);
    const kept = settle(session); // what the agent before did not say the end of
    session.talk += tokens(event.content);
    session.unread = true;
    await kept;
  });

  pi.on("TurnStart", (event) => {
    const session = sessionOf(event.session_id);
    session.talk = Math.max(session.talk, tokens(event.messages)); // all of it, where an agent tells that
    session.unread = true;
  });

  pi.on("MessageEnd", async (event) => {
    if (event.role !== undefined && event.role !== "assistant") return;
    const session = sessionOf(event.session_id);
    writes(session, tokens(event.content));
    await measure(session, event);
    show(session);
  });

  pi.on("PostToolUse", (event) => ranTool(event.session_id, event.tool_input, event.tool_output));
  pi.on("PostToolUseFailure", (event) => ranTool(event.session_id, event.tool_input, event.error));

  function ranTool(id: string | undefined, input: unknown, output: unknown): void {
    const session = sessionOf(id);
    writes(session, tokens(input));
    session.talk += tokens(output);
    session.unread = true;
    show(session);
  }

  pi.on("PreCompact", (event) => {
    const session = sessionOf(event.session_id);
    if (event.token_count > 0) session.talk = Math.max(0, event.token_count - session.base); // the agent's own count
  });

  pi.on("PostCompact", async (event) => {
    const session = sessionOf(event.session_id);
    session.unread = true;
    reads(session); // a compaction reads the conversation once more
    session.talk = Math.max(0, session.talk - (event.tokens_saved > 0 ? event.tokens_saved : 0));
    await settle(session);
  });

  pi.on("TurnEnd", async (event) => {
    const session = sessionOf(event.session_id);
    await measure(session, event);
    if (!session.isRunning) await settle(session);
  });

  for (const name of ["AgentEnd", "Stop"] as const) {
    pi.on(name, async (event) => {
      const session = sessionOf(event.session_id);
      await measure(session, event);
      reads(session); // an answer that nobody tells us of
      session.isRunning = false;
      await settle(session);
    });
  }

  // --- what is shown --------------------------------------------------------------------------------------

  function now(session: Live): Count {
    const open = session.sum.source === "" ? session.open : none();
    return add(add(none(), session.sum), { ...open, guessed: open.in + open.out });
  }

  function show(session: Live): void {
    if (session.id === "") return; // a call that belongs to no session is nobody's to look at
    const count = now(session);
    const spent = cost(count);
    const share = budget > 0 ? (100 * spent) / budget : 0;
    const about = count.guessed > 0 ? "~" : "";
    const used = budget > 0 ? ` (${Math.floor(share)}%)` : "";
    const level = share >= 100 ? 2 : share >= warn_percent ? 1 : 0;
    const severity = (["info", "warning", "error"] as const)[level];
    pi.ui.setStatus("meter", `${about}${money(spent)}${used}, ${short(count.in + count.cached)} in ${short(count.out)} out`, { severity });
    if (level > session.warned) {
      const what = level === 2 ? "is used up" : `is used to ${Math.floor(share)} %`;
      pi.ui.notify(`The budget of this session, ${money(budget)}, ${what}: ${about}${money(spent)}`, severity);
    }
    session.warned = level;
  }

  function since(prefix: string): { count: Count; sessions: number } {
    const keys = pi.kv.list(prefix);
    const count = keys.reduce((sum, key) => add(sum, pi.kv.get(key)), none());
    return { count, sessions: new Set(keys.map((key) => key.slice(15))).size };
  }

  /** Short enough for the log of a console of 80 columns, which has other things beside it. */
  function row(name: string, count: Count): string {
    const about = count.guessed > 0 ? "~" : "";
    const cached = count.cached > 0 ? ` ${plain(count.cached)} cached` : "";
    return `${name.padEnd(8)} ${(about + money(cost(count))).padStart(9)}  ${plain(count.in)} in${cached} ${plain(count.out)} out`;
  }

  /** Where the numbers come from, in words. */
  function origin(count: Count): string {
    const all = count.in + count.out + count.cached;
    if (all === 0) return "Nothing was counted yet.";
    if (count.guessed === 0) return "The tokens are those that the agent reported.";
    const share = Math.round((100 * count.guessed) / all);
    return (
      `${share} % of the tokens of this session are estimated (~): from the length of what the agent told, ${bytes_per_token} bytes a token, ` +
      "the whole conversation read again with every call. Not seen, so not counted: thinking, images, retries, and what the agent " +
      "adds without telling. What was read from a cache is counted at the full price."
    );
  }

  function report(session: Live): string {
    const count = now(session);
    const today = since(`day:${stamp().slice(0, 10)}:`);
    const kept = since("day:");
    const lines = [
      row("session", count),
      row("today", today.count),
      row(`${keep_days} days`, kept.count),
      `The session is counted since ${session.sum.since.slice(0, 16).replace("T", " ")} UTC. Sessions today: ${today.sessions}; in ${keep_days} days: ${kept.sessions}.`,
      `Prices of a million: ${money(price_in)} in, ${money(price_cached)} cached, ${money(price_out)} out.`,
    ];
    if (budget > 0) lines.push(`Budget of a session: ${money(budget)}, used to ${Math.floor((100 * cost(count)) / budget)} %.`);
    lines.push(origin(count));
    return lines.join("\n");
  }

  pi.registerCommand("meter", {
    description: "What this session took, and all of them; `reset` begins this session's count anew",
    getArgumentCompletions: (prefix) => ["reset"].filter((word) => word.startsWith(prefix)),
    async handler(args, ctx) {
      const session = sessionOf(ctx.sessionId ?? "");
      if (args.trim() !== "reset") return report(session);
      await settle(session); // it stays in the sums of the days
      session.sum = { ...none(), since: stamp(), source: session.sum.source };
      session.warned = 0;
      show(session);
      await pi.kv.set(`session:${session.id.slice(0, 200)}`, session.sum);
      return "This session is counted anew; the sums of the days stay.";
    },
  });

  const id = pi.session.getId();
  if (id) show(sessionOf(id)); // the worker was started again
}
