// Protect: keeps secrets and the repository's own records from being written to.
//
// Shows: looking at the input of several tools, camelCase fields, `{ action: "block", output: reason }` as the other
// way to veto, and a PermissionRequest answered with `{ decision: "deny", message }`.

const secretNames = [/^\.env(\..+)?$/, /^\.envrc$/, /\.(pem|key|p12)$/, /^id_(rsa|ecdsa|ed25519)$/, /^\.netrc$/, /^\.npmrc$/];
const examples = /\.(example|sample|template)$/;
const writers = new Set(["write", "edit", "multi_edit", "patch", "create", "delete", "move", "notebook_edit"]);

/** The parts of a path once "." and ".." are worked out, in lower case: some file systems do not tell. */
function partsOf(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.toLowerCase().split(/[\\/]+/)) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}

/** Why *path* must stay as it is, or null. */
export function whyProtected(path: string): string | null {
  const parts = partsOf(path);
  if (parts.includes(".git")) return `${path} belongs to git; use git commands`;
  const name = parts[parts.length - 1] ?? "";
  if (!examples.test(name) && secretNames.some((pattern) => pattern.test(name))) {
    return `${path} holds secrets; ask the user to change it`;
  }
  return null;
}

export default function (pi: any) {
  pi.on("PreToolUse", (event: any) => {
    if (!writers.has(event.toolName)) return;
    const input = event.toolInput ?? {};
    for (const key of ["path", "file_path", "filePath", "new_path", "target"]) {
      const why = typeof input[key] === "string" ? whyProtected(input[key]) : null;
      if (why) return { action: "block", output: why };
    }
  });

  pi.on("PermissionRequest", (event: any) => {
    const why = typeof event.target === "string" && /write|delete|edit/.test(event.action) ? whyProtected(event.target) : null;
    if (why) return { decision: "deny", message: why };
  });
}
