// Files, a step at a time. What takes several hostcalls is a generator that yields [name, arguments] and gets the
// answer, so that one text serves who waits in place and who does not.

const { hostcall, hostcallSync, makeError, instance, limits, exceedsBytes } = internals;

const BASE64_SHARE = 0.7; // of a message: what base64 and the other arguments leave for bytes

/** *path* made absolute as the plugin's working directory has it; the host resolves the rest. */
function absolute(path) {
  if (typeof path !== "string") throw makeError("E_INVALID", "a path must be a string");
  const text = path.toWellFormed();
  if (text === "") throw makeError("E_NOT_FOUND", "no such file or directory: the path is empty");
  if (text.startsWith("/")) return text;
  if (instance.cwd === "") throw makeError("E_INVALID", "this plugin serves all projects and has no working directory");
  return `${instance.cwd}/${text}`;
}

/** Do *steps* and wait for each; returns what they return. */
function runSync(call, steps) {
  let step = steps.next();
  while (!step.done) {
    let answer;
    try {
      answer = hostcallSync(call, step.value[0], step.value[1]);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(answer);
  }
  return step.value;
}

/** Do *steps*; a promise of what they return. *step* is the first one if it was made already. */
async function run(call, steps, signal, first) {
  let step = first === undefined ? steps.next() : first;
  while (!step.done) {
    let answer;
    try {
      answer = await hostcall(call, step.value[0], step.value[1], signal);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(answer);
  }
  return step.value;
}

function join(parts) {
  if (parts.length === 1) return parts[0];
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The bytes of *path* (absolute) from *at* on, *length* at most. */
function* readBytes(path, at = 0, length = Infinity, id = undefined) {
  const parts = [];
  let left = length;
  for (;;) {
    const args = { path, offset: at };
    if (id !== undefined) args.id = id;
    if (left !== Infinity) args.length = left;
    const answer = yield ["fs.read", args];
    const bytes = Uint8Array.fromBase64(answer.data);
    parts.push(bytes);
    at += bytes.length;
    left -= bytes.length;
    if (answer.next === null || left <= 0) return join(parts);
  }
}

/** The whole file as UTF-8 text. */
function* readText(path) {
  const parts = [];
  for (let at = 0; at !== null;) {
    const answer = yield ["fs.read", { path, offset: at, text: true }];
    parts.push(answer.text);
    at = answer.next;
  }
  return parts.length === 1 ? parts[0] : parts.join("");
}

/**
 * Write *content*, a string or bytes, into *path*; *how* as fs.write has it. What does not fit into one message is appended
 * to what was written first.
 */
function* writeWhole(path, content, how, mode) {
  const room = Math.max(Math.floor(limits.payloadOut * BASE64_SHARE) - 8192, 256);
  const args = { path, how };
  if (mode !== undefined) args.mode = mode;
  let at = 0;
  do {
    if (typeof content === "string") {
      args.text = textOf(content, at, room);
      at += args.text.length;
    } else {
      args.data = content.subarray(at, at + room).toBase64();
      at += room;
    }
    yield ["fs.write", args];
    args.how = "append";
  } while (at < content.length);
}

/** As much of *text* from *at* on as fits into *room* bytes of JSON, never half a surrogate pair of two. */
function textOf(text, at, room) {
  let count = Math.min(text.length - at, room);
  for (;;) {
    let end = at + count;
    if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800 && count > 1) end -= 1;
    const part = text.slice(at, end).toWellFormed();
    if (!exceedsBytes(JSON.stringify(part), room)) return part;
    count = Math.max(count >> 1, 1);
  }
}

module.exports = { absolute, runSync, run, readBytes, readText, writeWhole };
