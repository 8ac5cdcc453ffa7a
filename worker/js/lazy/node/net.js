// node:net: addresses as text. There are no sockets.
"use strict";

const NAMES = ["connect", "createConnection", "createServer", "Socket", "Server", "Stream", "BlockList", "SocketAddress"];

const part = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = new RegExp(`^${part}(?:\\.${part}){3}$`);

function isIPv4(text) {
  return ipv4.test(`${text}`);
}

function isIPv6(value) {
  let text = `${value}`;
  const zone = text.indexOf("%");
  if (zone >= 0) {
    if (!/^%[0-9a-zA-Z-.:]+$/.test(text.slice(zone))) return false;
    text = text.slice(0, zone);
  }
  const last = text.slice(text.lastIndexOf(":") + 1);
  if (last.includes(".")) {
    if (!isIPv4(last)) return false;
    text = `${text.slice(0, -last.length)}0:0`;
  }
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  return groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group)) && (halves.length === 2 ? groups.length < 8 : groups.length === 8);
}

for (const name of NAMES) {
  exports[name] = function () {
    throw internals.makeError("E_NEVER", `node:net: ${name} is never available to plugins: a plugin has no sockets; fetch and pi.http are its network`);
  };
}
Object.assign(exports, { isIP: (text) => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0), isIPv4, isIPv6 });
