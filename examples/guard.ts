// Guard: refuses shell commands that destroy more than anybody asked for, and lets everything else pass.
//
// Shows: a PreToolUse handler in TypeScript; a veto, `{ block: reason }`; saying nothing to go on.
//
// Patterns are advice to a model that means well. They are no boundary: a program can be spelt in too many ways.

interface Rule {
  reason: string;
  matches(words: string[], line: string): boolean;
}

/** Places whose loss is never meant: the root, a home, everything here. */
const treasures = /^(\/\**|\/(bin|boot|dev|etc|home|lib|opt|root|sbin|srv|sys|usr|var)(\/\**)?|~(\/\**)?|\$\{?HOME\}?(\/\**)?|\.{1,2}\/?|\*)$/;

const rules: Rule[] = [
  {
    reason: "it deletes a whole file system, home or project; name the files to delete instead",
    matches: (words) => removes(words),
  },
  {
    reason: "it makes a new file system over an existing one",
    matches: (words) => /^mkfs(\.|$)/.test(words[0] ?? ""),
  },
  {
    reason: "it writes over a disk",
    matches: (words, line) =>
      (words[0] === "dd" && words.some((word) => /^of=\/dev\/(sd|hd|vd|nvme|mmcblk|disk)/.test(word))) ||
      />\s*\/dev\/(sd|hd|vd|nvme|mmcblk|disk)/.test(line),
  },
  {
    reason: "it runs what a server sends, unread; download it and read it first",
    matches: (_words, line) => /\b(curl|wget)\b[^;&]*\|\s*(sudo\s+)?(ba|z|da)?sh\b/.test(line),
  },
  {
    reason: "it forks until the machine stops",
    matches: (_words, line) => /:\s*\(\s*\)\s*\{\s*:\s*\|\s*:\s*&\s*\}/.test(line),
  },
];

function removes(words: string[]): boolean {
  if (words[0] !== "rm") return false;
  const flags = words.filter((word) => word.startsWith("-"));
  const recursive = flags.some((flag) => flag === "--recursive" || /^-[a-zA-Z]*[rR]/.test(flag));
  return recursive && words.slice(1).some((word) => treasures.test(word.replace(/["']/g, "")));
}

/** The simple commands of a line, as words, without the wrappers people put in front. */
function commandsOf(line: string): string[][] {
  return line.split(/&&|\|\||[;|&\n]/).map((part) => {
    const words = part.trim().split(/\s+/);
    while (/^(sudo|doas|nohup|time|command|exec|\w+=.*)$/.test(words[0] ?? "")) words.shift();
    return words;
  });
}

export default function (pi: any) {
  pi.on("PreToolUse", (event: any) => {
    const line = event.tool_input?.command;
    if (typeof line !== "string") return; // not a shell command
    for (const words of commandsOf(line)) {
      const rule = rules.find((candidate) => candidate.matches(words, line));
      if (rule) return { block: `refused "${line}": ${rule.reason}` };
    }
  });
}
