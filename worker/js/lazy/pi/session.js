// The session as pi's extensions know it: entries in memory, of this plugin, for as long as its worker lives.
//
// What is in it  what the plugin appended itself (appendEntry, setLabel, setSessionName) and what its own tools gave in pi's
//                format. Messages of the agent are not: pi.session.getMessages asks for those.
// Bound          MAX_ENTRIES and MAX_CHARS of their JSON; the oldest go.
"use strict";

const { copyJson, entropy, instance, makeError, publish, sessionOf } = internals;

const MAX_ENTRIES = 1000;
const MAX_CHARS = 4194304;

const entries = []; // {session or null, entry, chars}
const labels = new Map(); // id of an entry -> its label
let chars = 0;
let name;

const isOf = (session) => (held) => held.session === null || session === null || held.session === session;

/** The entries that *session* has; null: all. */
const entriesOf = (session) => entries.filter(isOf(session)).map((held) => held.entry);

function newId() {
  for (;;) {
    const id = entropy(4);
    if (!entries.some((held) => held.entry.id === id)) return id;
  }
}

/** Append plain data *fields* as an entry of *type* for *session*; its id. */
function append(session, type, fields) {
  const data = JSON.parse(JSON.stringify(fields)); // ordinary objects, which are the session's alone
  const parentId = entries.findLast(isOf(session))?.entry.id ?? null;
  const entry = { type, id: newId(), parentId, timestamp: new Date().toISOString(), ...data };
  const size = JSON.stringify(entry).length;
  if (size > MAX_CHARS) throw makeError("E_TOO_LARGE", `an entry of the session is larger than ${MAX_CHARS} characters`);
  entries.push({ session, entry, chars: size });
  chars += size;
  while (entries.length > MAX_ENTRIES || chars > MAX_CHARS) forgetOldest();
  return entry.id;
}

function forgetOldest() {
  const { entry, chars: size } = entries.shift();
  chars -= size;
  labels.delete(entry.id);
  const next = entries.find((held) => held.entry.parentId === entry.id);
  if (next !== undefined) next.entry.parentId = null;
}

function appendEntry(customType, data) {
  if (typeof customType !== "string" || customType === "") throw new TypeError("appendEntry needs a type, a text of your own");
  append(null, "custom", copyJson({ customType, data }));
}

function setLabel(id, label) {
  if (!entries.some((held) => held.entry.id === id)) throw makeError("E_NOT_FOUND", `Entry ${String(id).slice(0, 40)} not found`);
  const text = label === undefined || label === null || label === "" ? undefined : String(label);
  if (text === undefined) labels.delete(id);
  else labels.set(id, text);
  append(null, "label", { targetId: id, label: text });
}

function setName(given) {
  const text = String(given ?? "").trim();
  name = text === "" ? undefined : text;
  append(null, "session_info", { name: text });
  require("pi/ui_view").show("session_name", "", name === undefined ? null : { line: name });
}

/** A tool of this plugin ended *call* with *result*, plain data with pi's content. One that is very large is left out. */
function toolEnded(call, toolName, result) {
  const toolCallId = typeof call.context.tool_call_id === "string" ? call.context.tool_call_id : `call_${call.id}`;
  const { content, details } = result;
  const message = { role: "toolResult", toolCallId, toolName, content, details, isError: result.is_error === true, timestamp: Date.now() };
  if (JSON.stringify(message).length <= MAX_CHARS / 4) append(sessionOf(call), "message", { message });
}

/** The entries from the first one to the one called *id*, or to the last. */
function branch(session, id) {
  const all = entriesOf(session);
  if (id === undefined) return all;
  const at = all.findIndex((entry) => entry.id === id);
  return all.slice(0, at + 1);
}

function tree(session) {
  let node = null;
  for (const entry of entriesOf(session).reverse()) {
    node = { entry, children: node === null ? [] : [node], label: labels.get(entry.id) };
  }
  return node === null ? [] : [node];
}

/** pi's read-only session manager for *call*. */
function makeSessionManager(call) {
  const manager = {};
  const session = () => sessionOf(call);
  publish(manager, "getBranch", (id) => branch(session(), id));
  publish(manager, "getEntries", () => entriesOf(session()));
  publish(manager, "getTree", () => tree(session()));
  publish(manager, "getEntry", (id) => entriesOf(session()).find((entry) => entry.id === id));
  publish(manager, "getLabel", (id) => labels.get(id));
  publish(manager, "getLeafEntry", () => entriesOf(session()).at(-1));
  publish(manager, "getLeafId", () => entriesOf(session()).at(-1)?.id ?? null);
  publish(manager, "getHeader", () => null);
  publish(manager, "getSessionFile", () => undefined);
  publish(manager, "getSessionDir", () => "");
  publish(manager, "getSessionName", () => name);
  publish(manager, "getSessionId", () => session() || "");
  publish(manager, "getCwd", () => instance.cwd);
  return Object.freeze(manager);
}

Object.assign(exports, { appendEntry, getName: () => name, makeSessionManager, setLabel, setName, toolEnded });
