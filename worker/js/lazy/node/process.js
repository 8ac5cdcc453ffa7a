// node's process, as far as it is true of a plugin: its environment is what was granted, its output is the log.
//
// What differs  exit() throws: a plugin cannot end its process, the host does. Listeners are kept for events that never
//               come (signals, exit). nextTick() comes after promises that are settled already. The version is that of
//               the interface followed.
"use strict";

const EventEmitter = require("node/events");
const { env } = require("node/env");
const { instance, makeError } = internals;

const started = internals.performanceNow();
const VERSION = "20.0.0";
const KIB = 1024;

function never(name, why) {
  return () => {
    throw makeError("E_NEVER", `process.${name} is never available to plugins: ${why}`);
  };
}

/** A stream that writes whole lines to the log: what comes without a line's end waits for it, up to a bound. */
function logStream(fd, level) {
  const stream = new EventEmitter();
  let kept = "";
  stream.fd = fd;
  stream.isTTY = false;
  stream.writable = true;
  stream.write = function write(data, encoding, done) {
    const text = typeof data === "string" ? data : require("node/buffer").Buffer.from(data).toString("utf8");
    // a notice to the terminal is one to the person; everything else is a line of the log
    kept += text.includes("\x1b]") ? require("pi/osc").take(text, (said) => require("pi/ui").ui.notify(said)) : text;
    const end = kept.lastIndexOf("\n");
    if (end >= 0) {
      internals.log(level, kept.slice(0, end));
      kept = kept.slice(end + 1);
    } else if (kept.length > 8192) {
      internals.log(level, kept);
      kept = "";
    }
    const callback = typeof encoding === "function" ? encoding : done;
    if (typeof callback === "function") queueMicrotask(() => callback());
    return true;
  };
  stream.end = function end(data, encoding, done) {
    if (data !== undefined && data !== null && typeof data !== "function") stream.write(data, encoding);
    if (kept !== "") stream.write("\n");
    const callback = [data, encoding, done].find((argument) => typeof argument === "function");
    if (callback !== undefined) queueMicrotask(() => callback());
    return stream;
  };
  stream.getColorDepth = () => 1;
  stream.hasColors = () => false;
  return stream;
}

function hrtime(before) {
  const now = internals.performanceNow();
  let seconds = Math.floor(now / 1000);
  let nanos = Math.floor((now % 1000) * 1e6);
  if (before !== undefined) {
    seconds -= before[0];
    nanos -= before[1];
    if (nanos < 0) {
      seconds -= 1;
      nanos += 1e9;
    }
  }
  return [seconds, nanos];
}
hrtime.bigint = () => BigInt(Math.floor(internals.performanceNow() * 1000)) * 1000n;

function emitWarning(warning, type, code) {
  const options = typeof type === "object" && type !== null ? type : { type, code };
  const name = warning instanceof Error ? warning.name : options.type ?? "Warning";
  const text = warning instanceof Error ? warning.message : String(warning);
  internals.log("warn", `${options.code === undefined ? "" : `[${options.code}] `}${name}: ${text}`);
}

function memoryUsage() {
  const heap = internals.heapKiB() * KIB;
  return { rss: heap, heapTotal: heap, heapUsed: heap, external: 0, arrayBuffers: 0 };
}
memoryUsage.rss = () => memoryUsage().rss;

const process = new EventEmitter();
process.setMaxListeners(0);
Object.assign(process, {
  argv: ["jcode-plugin", instance.name],
  argv0: "jcode-plugin",
  arch: require("node/os").arch(),
  config: { target_defaults: {}, variables: {} },
  cwd: () => instance.cwd || "/",
  chdir: never("chdir", "it would be the agent's directory"),
  emitWarning,
  env,
  execArgv: [],
  exit: (code) => {
    throw makeError("E_EXIT", `process.exit(${code ?? process.exitCode ?? 0}): a plugin cannot end its process; this call ends with an error`);
  },
  abort: never("abort", "the host ends a plugin"),
  exitCode: undefined,
  features: {},
  hrtime,
  kill: never("kill", "a plugin sees no processes; pi.exec has its own"),
  memoryUsage,
  nextTick: (fn, ...args) => {
    if (typeof fn !== "function") throw new TypeError("The \"callback\" argument must be of type function");
    queueMicrotask(() => fn(...args));
  },
  // a number of this worker's own: the system's says something of the machine, and names nothing a plugin can reach
  pid: (parseInt(internals.entropy(3), 16) % 4194303) + 1,
  ppid: 1,
  platform: "linux",
  release: { name: "node" },
  stderr: logStream(2, "error"),
  stdout: logStream(1, "info"),
  title: "jcode-plugin",
  umask: () => 0o77,
  uptime: () => (internals.performanceNow() - started) / 1000,
  version: `v${VERSION}`,
  versions: { node: VERSION },
});
Object.defineProperty(process, Symbol.toStringTag, { value: "process", configurable: true });
Object.defineProperty(process, "stdin", {
  get: () => {
    const { Readable } = require("node/stream");
    const stream = new Readable({ read() { this.push(null); } }); // nobody types
    stream.fd = 0;
    stream.isTTY = false;
    Object.defineProperty(process, "stdin", { value: stream, writable: true, configurable: true });
    return stream;
  },
  configurable: true,
});
module.exports = process;
