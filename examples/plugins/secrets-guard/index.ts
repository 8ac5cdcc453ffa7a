// Secrets guard: a credential is not written to a file, not put into a command, and not shown to a model.
//
// It knows credentials by their form, not by their value: a password without a form of its own gets past it.

import type { Pi } from "jcode-plugin";

/** What issuers gave a form of their own, so that a match is hardly ever a mistake. */
const forms: [kind: string, pattern: RegExp][] = [
  ["an AWS access key", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g],
  ["a GitHub token", /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b/g],
  ["a GitLab token", /\bglpat-[A-Za-z0-9_-]{20,}/g],
  ["an npm token", /\bnpm_[A-Za-z0-9]{36}\b/g],
  ["a Slack token", /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g],
  ["a Stripe key", /\b[rs]k_live_[A-Za-z0-9]{16,}/g],
  ["a Google API key", /\bAIza[A-Za-z0-9_-]{35}/g],
  ["an API key of a model provider", /\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}/g],
  ["a private key", /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----|$)/g],
];

/** Commands whose output is credentials and nothing else. */
const showing: [why: string, pattern: RegExp][] = [
  ["it prints a file of secrets", /\b(?:cat|less|more|head|tail|bat|strings|xxd|base64)\b[^|;&]*(?:^|[\s/"'])(?:\.env(?:\.(?!example|sample|template)[\w.-]+)?|\.netrc|\.npmrc|\.pypirc|id_(?:rsa|dsa|ecdsa|ed25519)|credentials)(?=["'\s;&|)]|$)/],
  ["it prints the whole environment", /(?:^|[;&|]\s*|\bsudo\s+)(?:printenv|env)\s*(?=$|[|;&>])/],
  ["it prints a variable that holds a secret", /\b(?:echo|printf|printenv)\b[^|;&]*\$?\{?\w*(?:SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|PRIVATE_KEY)\w*/],
];

/** The first credential in *text*, or null. */
function credentialIn(text: string, allowed: string[]): string | null {
  for (const [kind, pattern] of forms) {
    for (const [found] of text.matchAll(pattern)) {
      if (!allowed.includes(found)) return kind;
    }
  }
  return null;
}

function masked(text: string, allowed: string[]): string {
  for (const [kind, pattern] of forms) {
    text = text.replace(pattern, (found) => (allowed.includes(found) ? found : `[${kind} was here]`));
  }
  return text;
}

/** Every text in *value* changed by *change*; the value itself when nothing changed. */
function mapTexts(value: any, change: (text: string) => string): any {
  if (typeof value === "string") return change(value);
  if (value === null || typeof value !== "object") return value;
  let differs = false;
  const entries = Object.entries(value).map(([key, part]) => {
    const changed = mapTexts(part, change);
    differs ||= changed !== part;
    return [key, changed];
  });
  if (!differs) return value;
  return Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries);
}

function textsOf(value: any): string[] {
  const found: string[] = [];
  mapTexts(value, (text) => (found.push(text), text));
  return found;
}

export default function (pi: Pi) {
  const allowed: string[] = pi.settings.allow ?? [];

  pi.on("PreToolUse", (event) => {
    for (const text of textsOf(event.tool_input)) {
      const kind = credentialIn(text, allowed);
      if (kind) return { block: `the input of ${event.tool_name} holds ${kind}; use a variable or a file that is not committed` };
    }
    const command = event.tool_input?.command;
    if (typeof command !== "string") return;
    const [why] = showing.find(([, pattern]) => pattern.test(command)) ?? [];
    if (why) return { block: `refused: ${why}; ask the user for what you need of it` };
  });

  pi.on("PostToolUse", (event) => {
    const output = mapTexts(event.tool_output, (text) => masked(text, allowed));
    if (output !== event.tool_output) return { modified_output: output };
  });

  pi.on("UserPromptSubmit", (event) => {
    const kind = pi.settings.prompts === false ? null : credentialIn(event.content, allowed);
    if (kind) return { block: `the prompt holds ${kind}; it would be sent to the model's provider` };
  });
}
