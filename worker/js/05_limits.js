// Bounds on what a plugin can make the runtime build, hold or send.
//
// ``limits`` is filled by LOAD from the header; the numbers here hold until then and where the header
// is silent. Everything counted in characters is UTF-16 units, everything in bytes is UTF-8.

const MAX_JSON_DEPTH = 200; // deeper is refused; also what ends a cycle
const MAX_JSON_NODES = 500000;
const MAX_RESULT_KEYS = 64; // keys of a handler's result, before its fields' own contents
const MAX_NAME_CHARS = 64; // names of tools, commands, flags, shortcuts
const MAX_DESCRIPTION_CHARS = 16384;
const MAX_REASON_CHARS = 16384; // a veto must get through, so its text is cut instead of refused
const MAX_ERROR_CHARS = 4096;
const MAX_STACK_CHARS = 8192;
const MAX_KEY_CHARS = 512; // of a kv key
const MAX_TIMERS = 10000;
const MAX_DELAY_MS = 2147483647; // of setTimeout, as everywhere
const MAX_WAKE_MS = 86400000; // a longer sleep is re-armed once a day

const limits = {
  __proto__: null,
  maxRegistrations: 1000,
  logBytes: 8192,
  payloadOut: 8388608,
};

function readLimit(source, key, fallback) {
  const value = hasOwn(source, key) ? source[key] : undefined;
  return typeof value === "number" && value > 0 ? value : fallback;
}

/** Take the limits of a LOAD header. */
function setLimits(source) {
  if (typeof source !== "object" || source === null) return;
  limits.maxRegistrations = readLimit(source, "max_registrations", limits.maxRegistrations);
  limits.logBytes = readLimit(source, "log_bytes", limits.logBytes);
  limits.payloadOut = readLimit(source, "payload_out", limits.payloadOut);
}
