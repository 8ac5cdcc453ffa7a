// Branch protector: a model commits, merges and pushes on branches of its own, not on those that you protect.
//
// The branch is asked of git itself, through the host: a hostcall that you allowed, word for word, and nothing else.

import type { Ctx, Pi } from "jcode-plugin";

const changing = new Set(["commit", "merge", "rebase", "cherry-pick", "revert", "am", "pull", "reset", "push"]);

function matches(branch: string, pattern: string): boolean {
  const source = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join("[^/]*");
  return new RegExp(`^${source}$`).test(branch);
}

/** git's subcommands in a line of shell, each with its arguments. */
function gitCalls(line: string): string[][] {
  const calls: string[][] = [];
  for (const part of line.split(/&&|\|\||[;|&\n]|\$\(|`/)) {
    const words = part.trim().split(/\s+/);
    while (/^(sudo|command|exec|env|time|\w+=.*)$/.test(words[0] ?? "")) words.shift();
    if (words[0]?.replace(/^.*\//, "") !== "git") continue;
    let at = 1;
    while (words[at]?.startsWith("-")) at += /^-[Cc]$/.test(words[at]) ? 2 : 1;
    if (words[at]) calls.push(words.slice(at));
  }
  return calls;
}

/** The branches that a push names as its targets; none when it pushes where it stands. */
function targets(args: string[]): string[] {
  const [, ...refs] = args.filter((word) => !word.startsWith("-"));
  return refs.map((ref) => ref.replace(/^\+/, "").split(":").pop()!.replace(/^refs\/heads\//, ""));
}

export default function (pi: Pi) {
  const patterns: string[] = pi.settings.branches ?? ["main", "master", "release/*"];
  const isProtected = (branch: string) => patterns.some((pattern) => matches(branch, pattern));

  async function currentBranch(ctx: Ctx): Promise<string | null> {
    const asked = await ctx.exec("git", ["symbolic-ref", "--short", "HEAD"]);
    return asked.code === 0 ? asked.stdout.trim() : null; // no repository, or no branch: nothing to protect
  }

  pi.on("PreToolUse", async (event, _output, ctx) => {
    const line = event.tool_input?.command;
    if (typeof line !== "string") return;
    for (const [sub, ...args] of gitCalls(line)) {
      if (!changing.has(sub)) continue;
      const named = sub === "push" ? targets(args) : [];
      const hit = named.find(isProtected);
      if (hit) return { block: `${hit} is protected; push a branch of its own and open a pull request` };
      if (named.length > 0 && !named.includes("HEAD")) continue;
      try {
        const branch = await currentBranch(ctx);
        if (branch && isProtected(branch)) {
          return { block: `git ${sub} on ${branch}, which is protected; make a branch first: git switch -c NAME` };
        }
      } catch (error: any) {
        return { block: `cannot tell which branch this is (${error.code ?? error.message}), so git ${sub} is refused; allow ${pi.name} to run: git symbolic-ref --short HEAD` };
      }
    }
  });
}
