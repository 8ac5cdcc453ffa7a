// Command guard: a shell command that destroys what cannot be had back is blocked, unless the user allowed it.
//
// Advice for a model that means well. It is no boundary: a program can be spelt in too many ways.

import type { Pi } from "jcode-plugin";

type Check = (words: string[]) => boolean;

const anywhere = /^["']?(?:\/\**|\/(?:bin|boot|dev|etc|home|lib|opt|root|sbin|srv|sys|usr|var)(?:\/\**)?|~(?:\/\**)?|\$\{?HOME\}?(?:\/\**)?|\.{1,2}\/?|\*|\.git\/?)["']?$/;

const has = (words: string[], ...flags: string[]) =>
  words.some((word) => flags.includes(word) || (/^-[A-Za-z]+$/.test(word) && flags.some((flag) => flag.length === 2 && word.includes(flag[1]))));
const git = (sub: string, check: Check): Check => (words) => {
  if (words[0] !== "git") return false;
  const at = words.findIndex((word, n) => n > 0 && !word.startsWith("-") && words[n - 1] !== "-C" && words[n - 1] !== "-c");
  return words[at] === sub && check(words.slice(at + 1));
};

const checks: [why: string, check: Check][] = [
  ["it deletes a whole project, home or system", (w) => w[0] === "rm" && has(w, "-r", "-R", "--recursive") && w.slice(1).some((word) => anywhere.test(word))],
  ["it deletes whatever it finds", (w) => w[0] === "find" && (w.includes("-delete") || w.join(" ").includes("-exec rm")) && anywhere.test(w[1] ?? ".")],
  ["it makes a new file system", (w) => /^mkfs(\.|$)/.test(w[0])],
  ["it writes over a disk", (w) => w[0] === "dd" && w.some((word) => /^of=\/dev\/(?!null|zero|stdout)/.test(word))],
  ["it opens a whole tree to everybody", (w) => w[0] === "chmod" && has(w, "-R", "--recursive") && w.some((word) => /^0?777$/.test(word))],
  ["it overwrites what others have pushed", git("push", (w) => has(w, "-f", "--force", "--mirror") && !w.some((word) => word.startsWith("--force-with-lease")))],
  ["it throws uncommitted work away", git("reset", (w) => w.includes("--hard"))],
  ["it throws uncommitted work away", git("checkout", (w) => w.includes(".") || (has(w, "-f", "--force") && !w.includes("-b")))],
  ["it throws uncommitted work away", git("restore", (w) => w.includes(".") && !w.includes("--staged"))],
  ["it deletes files that are in no commit", git("clean", (w) => has(w, "-f", "--force") && !has(w, "-n", "--dry-run"))],
  ["it deletes a branch that is not merged", git("branch", (w) => has(w, "-D"))],
  ["it deletes containers, images or volumes that others may use", (w) => /^(docker|podman)$/.test(w[0]) && w.includes("prune") && has(w, "-f", "-a", "--force", "--all", "--volumes")],
  ["it takes infrastructure down", (w) => /^(terraform|tofu|pulumi)$/.test(w[0]) && w.includes("destroy")],
  ["it deletes from a cluster", (w) => w[0] === "kubectl" && w.includes("delete") && has(w, "--all", "--all-namespaces", "-A")],
  ["it publishes a package", (w) => /^(npm|pnpm|yarn|cargo)$/.test(w[0]) && w[1] === "publish" && !w.includes("--dry-run")],
];

/** What is wrong with a whole line, where words do not tell. */
const lines: [why: string, pattern: RegExp][] = [
  ["it runs what a server sends, unread", /\b(?:curl|wget)\b[^;&]*\|\s*(?:sudo\s+)?(?:\S*\/)?(?:(?:ba|z|da)?sh|python\d?|node|perl|ruby)\b/],
  ["it forks until the machine stops", /:\s*\(\s*\)\s*\{\s*:\s*\|\s*:\s*&\s*\}/],
  ["it writes over a disk", />\s*\/dev\/(?:sd|hd|vd|nvme|mmcblk|disk)/],
  ["it drops a table or a database", /\b(?:drop\s+(?:table|database|schema)|truncate\s+table)\b/i],
];

/** The simple commands of a line, as words, without what people put in front. */
function commandsOf(line: string): string[][] {
  return line
    .split(/&&|\|\||[;|&\n]|\$\(|`/)
    .map((part) => {
      const words = part.trim().split(/\s+/).map((word) => word.replace(/[)"']+$/, ""));
      while (/^(sudo|doas|nohup|time|nice|command|exec|builtin|\w+=.*)$/.test(words[0] ?? "")) words.shift();
      if (words[0]) words[0] = words[0].replace(/^.*\//, "");
      return words;
    })
    .filter((words) => words[0]);
}

function isAllowed(line: string, allowed: string[]): boolean {
  const said = line.trim().replace(/\s+/g, " ");
  return allowed.some((entry) => {
    const wanted = entry.trim().replace(/\s+/g, " ");
    // One command with any further words, not with another command behind it.
    return wanted.endsWith(" *") ? said.startsWith(wanted.slice(0, -1)) && !/[;&|`\n<>]|\$\(/.test(line.trim()) : said === wanted;
  });
}

export function whyNot(line: string, allowed: string[] = []): string | null {
  if (isAllowed(line, allowed)) return null;
  for (const [why, pattern] of lines) if (pattern.test(line)) return why;
  for (const words of commandsOf(line)) {
    for (const [why, check] of checks) if (check(words)) return why;
  }
  return null;
}

export default function (pi: Pi) {
  pi.on("PreToolUse", (event) => {
    const line = event.tool_input?.command;
    if (typeof line !== "string") return; // not a shell command
    const why = whyNot(line, pi.settings.allow ?? []);
    if (why) return { block: `refused: ${why}. The user can allow it in the settings of ${pi.name}: allow = [${JSON.stringify(line)}]` };
  });
}
