// Tokens: what an agent reports, and what is guessed from the length of a text.

/** Tokens that were sent and were new, that were read from a cache, that were written; and how many of all are a guess. */
export interface Count {
  in: number;
  cached: number;
  out: number;
  guessed: number;
}

export const none = (): Count => ({ in: 0, cached: 0, out: 0, guessed: 0 });

/** Add *more* to *sum*, which is returned. */
export function add<T extends Count>(sum: T, more: Count): T {
  sum.in += more.in;
  sum.cached += more.cached;
  sum.out += more.out;
  sum.guessed += more.guessed;
  return sum;
}

/** The agent's own numbers beside *event*, in the words of Anthropic, OpenAI or pi; null without any. */
export function reported(event: { [more: string]: any }): Count | null {
  const usage = event.usage ?? event.message?.usage;
  if (typeof usage !== "object" || usage === null) return null;
  const found = (...values: unknown[]) => values.find((value) => typeof value === "number" && Number.isFinite(value) && value >= 0) as number | undefined;
  const cached = found(usage.cache_read_input_tokens, usage.cacheRead, usage.prompt_tokens_details?.cached_tokens) ?? 0;
  const fresh = found(usage.input_tokens, usage.input);
  const all = found(usage.prompt_tokens); // OpenAI's word for those of the cache as well
  const out = found(usage.output_tokens, usage.output, usage.completion_tokens);
  if (fresh === undefined && all === undefined && out === undefined) return null;
  const stored = found(usage.cache_creation_input_tokens, usage.cacheWrite) ?? 0;
  return { in: (fresh ?? Math.max(0, (all ?? 0) - cached)) + stored, cached, out: out ?? 0, guessed: 0 };
}

/** About how many tokens *value* is: a text, blocks of a message, or data. Of blocks only what is text counts. */
export function tokensOf(value: unknown, bytesPerToken: number): number {
  return bytesOf(value) / bytesPerToken;
}

function bytesOf(value: unknown): number {
  if (typeof value === "string") return value.length + 2 * (value.match(/[^\x00-\x7f]/g)?.length ?? 0);
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce((sum: number, part) => sum + bytesOf(part), 0);
  const { type, text, content, role } = value as { [more: string]: unknown };
  if (typeof text === "string") return bytesOf(text);
  if (role !== undefined || type === "tool_result") return bytesOf(content);
  if (type === "image" || type === "tool_use" || type === "toolCall" || type === "thinking") return 0;
  return bytesOf(JSON.stringify(value));
}
