// URL allowlist: tools that fetch reach the hosts that you list, and no others.
//
// Addresses are compared as a browser reads them, so that http://good.dev@evil.dev and http://good.dev.evil.dev are not
// taken for good.dev. A redirect happens in the tool and is not seen from here.

import type { Pi } from "jcode-plugin";

const inText = /\b(?:https?|ftp|wss?):\/\/[^\s"'<>|;]+/gi;
const fetching = /\b(?:curl|wget|aria2c|git\s+(?:clone|fetch|pull|remote\s+add))\b|(?:^|[;&|]\s*)(?:http|https|xh)\s/;

function isListed(host: string, hosts: string[]): boolean {
  return hosts.some((entry) => {
    const wanted = entry.toLowerCase().replace(/\.$/, "");
    return wanted.startsWith("*.") ? host.endsWith(wanted.slice(1)) : host === wanted;
  });
}

/** Why *address* may not be fetched, or null. */
export function whyNot(address: string, hosts: string[]): string | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return `${address} is no address`;
  }
  if (!/^(https?|wss?):$/.test(url.protocol)) return `${url.protocol}// is not allowed, only http and https`;
  if (url.username || url.password) return `${url.host} with a user name in front is not allowed`;
  const host = url.hostname.toLowerCase().replace(/\.$/, "");
  return isListed(host, hosts) ? null : `${host} is not on the list`;
}

function addressesIn(value: any): string[] {
  if (typeof value === "string") return value.match(inText) ?? [];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(addressesIn);
}

export default function (pi: Pi) {
  const hosts: string[] = pi.settings.hosts ?? [];
  const tools: string[] = pi.settings.tools ?? [];

  pi.on("PreToolUse", (event) => {
    const input = event.tool_input ?? {};
    const name = event.tool_name.toLowerCase();
    const fetches = tools.includes(name) || tools.includes(name.split("__").pop()!);
    let addresses: string[] = [];
    if (fetches) {
      addresses = addressesIn(input);
      const said = input.url ?? input.uri ?? input.href;
      // What is not written as an address may still be one to the tool: "//evil.dev", "evil.dev".
      if (typeof said === "string" && !addresses.includes(said)) addresses.push(said.includes("://") ? said : `https://${said.replace(/^\/+/, "")}`);
    } else if (pi.settings.shell !== false && typeof input.command === "string" && fetching.test(input.command)) {
      addresses = addressesIn(input.command);
    }
    for (const address of addresses) {
      const why = whyNot(address, hosts);
      if (why) return { block: `refused: ${why}. Allowed: ${hosts.join(", ") || "no host at all"}` };
    }
  });
}
