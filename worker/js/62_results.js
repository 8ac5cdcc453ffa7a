// What a handler answered, turned into the one result of its event.
//
// Accepts     undefined; output fields ({block: "why"}, {decision: "deny", message}, {modified_input}, ...; camelCase
//             too), returned or written to ``output``; {action, output?, error?, reason?}, where block may also be
//             {action: "block", output: "why"}, {action: {block: "why"}} or {block: true, reason: "why"}.
// Promises    Own properties only, each read once; an inherited ``action`` is nothing. Anything else is an error of that
//             handler, named; a veto beside a mistake still counts. The strongest answer wins: block and deny over
//             ask over allow over continue.

const actionRank = freeze({ __proto__: null, continue: 0, allow: 1, ask: 2, deny: 3, block: 3 });

const fieldKinds = freeze({
  __proto__: null,
  block: "block", decision: "decision", message: "text", reason: "text",
  modified_input: "json", modified_output: "json", modified_prompt: "text", modified_message: "text",
  system_prompt: "text", instructions: "text", additional_system_prompt: "lines",
  prevent: "flag", suppress: "flag", cancel: "flag", messages: "list",
});

// A veto is understood on every event, whatever its own outputs are: the host decides what it is worth there.
const takenEverywhere = freeze({ __proto__: null, block: true, decision: true, reason: true, message: true });

// Which input field a later handler sees changed by which output.
const rewrites = freeze({
  __proto__: null, modified_input: "tool_input", modified_output: "tool_output", modified_prompt: "content",
  modified_message: "message", system_prompt: "system_prompt",
});

const fieldNames = { __proto__: null }; // both spellings -> snake_case
function buildFieldNames() {
  const names = objectKeys(fieldKinds);
  for (let i = 0; i < names.length; i++) {
    fieldNames[names[i]] = names[i];
    fieldNames[camelName(names[i])] = names[i];
  }
  freeze(fieldNames);
}
buildFieldNames();

/** One handler's answer while it is read. */
function newAnswer() {
  // ``explicit``: it said what it decides, if only "nothing", so that a reason beside it is no mistake
  return { __proto__: null, action: null, reason: null, explicit: false, error: null, fields: { __proto__: null } };
}

function complain(answer, message) {
  if (answer.error === null) answer.error = message;
}

function strengthen(answer, action) {
  if (answer.action === null || actionRank[action] > actionRank[answer.action]) answer.action = action;
}

/** Read one event handler's ``output`` object and returned value, and apply both to *call*. */
function applyResult(call, output, result) {
  const event = eventTable[call.n];
  const answer = newAnswer();
  readFields(event, output, answer);
  if (result !== undefined) {
    if (typeof result !== "object" || result === null || arrayIsArray(result)) {
      complain(answer, `a handler of ${event.name} returned ${kindOf(result)}; it may return nothing, output fields, or {action, output}`);
    } else readResult(event, result, answer);
  }
  applyAnswer(call, event, answer);
}

/** Take a veto that a handler wrote to ``output`` before it threw, and nothing else of it. */
function applyVetoOnly(call, output) {
  try {
    const answer = newAnswer();
    readFields(eventTable[call.n], output, answer);
    if (answer.action === null || actionRank[answer.action] < 3) return;
    answer.fields = { __proto__: null };
    answer.error = null; // the throw has been noted
    applyAnswer(call, eventTable[call.n], answer);
  } catch {
    // its output cannot be read: the throw has been noted
  }
}

/** At most MAX_RESULT_KEYS keys are looked at; more is a complaint. */
function keysToRead(event, keys, answer) {
  if (keys.length <= MAX_RESULT_KEYS) return keys.length;
  complain(answer, `a result of ${event.name} has more than ${MAX_RESULT_KEYS} fields`);
  return MAX_RESULT_KEYS;
}

function readFields(event, source, answer) {
  const keys = objectKeys(source);
  const count = keysToRead(event, keys, answer);
  for (let i = 0; i < count; i++) guardedField(event, keys[i], source, answer);
}

/** Read one own field; what cannot be read is a complaint, so that a veto behind it is still found. */
function guardedField(event, key, source, answer) {
  try {
    const value = source[key];
    if (value !== undefined) readField(event, key, value, answer);
  } catch (error) {
    complain(answer, `"${cutChars(key, 100)}" in a result of ${event.name}: ${errorLine(error)}`);
  }
}

function readResult(event, result, answer) {
  const keys = objectKeys(result);
  const count = keysToRead(event, keys, answer);
  let action;
  let output;
  let error;
  for (let i = 0; i < count; i++) {
    const key = keys[i];
    try {
      if (key === "action") action = result[key];
      else if (key === "output") output = result[key];
      else if (key === "error") error = result[key];
      else guardedField(event, key, result, answer);
    } catch (thrown) {
      complain(answer, `"${key}" in a result of ${event.name}: ${errorLine(thrown)}`);
    }
  }
  if (action !== undefined) readAction(event, action, answer);
  if (error !== undefined && error !== null) {
    complain(answer, typeof error === "string" ? cutChars(error, MAX_ERROR_CHARS) : errorLine(error));
  }
  if (output !== undefined && output !== null) readOutput(event, action, output, answer);
  if (action === "error") complain(answer, `a handler of ${event.name} answered {action: "error"} without saying which`);
}

function readAction(event, action, answer) {
  if (typeof action === "string") {
    answer.explicit = true;
    if (action === "error") return;
    if (actionRank[action] === undefined) {
      complain(answer, `a handler of ${event.name} answered with the unknown action "${cutChars(action, 100)}"`);
    } else if (action !== "continue") strengthen(answer, action);
    return;
  }
  const keys = typeof action === "object" && action !== null && !arrayIsArray(action) ? objectKeys(action) : null;
  const name = keys !== null && keys.length === 1 ? keys[0] : null;
  if (name === "block" || name === "deny" || name === "error") {
    const text = action[name];
    if (typeof text === "string") {
      if (name === "error") complain(answer, cutChars(text, MAX_ERROR_CHARS));
      else {
        strengthen(answer, name);
        answer.reason = cutChars(text, MAX_REASON_CHARS);
      }
      return;
    }
  }
  complain(answer, `a handler of ${event.name} answered with an action that is neither a word nor {block: "why"}`);
}

function readOutput(event, action, output, answer) {
  if (typeof output === "object" && !arrayIsArray(output)) {
    readFields(event, output, answer);
    return;
  }
  if (typeof output === "string" && action === "error") {
    complain(answer, cutChars(output, MAX_ERROR_CHARS));
  } else if (typeof output === "string" && answer.action !== null) {
    answer.reason = cutChars(output, MAX_REASON_CHARS);
  } else complain(answer, `a handler of ${event.name} gave ${kindOf(output)} as output; it must be an object of output fields`);
}

function readField(event, key, value, answer) {
  const name = fieldNames[key];
  if (name === undefined || (event.takes[name] !== true && takenEverywhere[name] !== true)) {
    complain(answer, `${event.name} does not take "${cutChars(key, 100)}" (it takes: ${takenBy(event)})`);
    return;
  }
  const wrong = (expected) => complain(answer, `"${name}" in a result of ${event.name} must be ${expected}, not ${kindOf(value)}`);
  switch (fieldKinds[name]) {
    case "block":
      if (value === true || (typeof value === "string" && value !== "")) {
        strengthen(answer, "block");
        if (typeof value === "string") answer.reason = cutChars(value, MAX_REASON_CHARS);
      } else if (value === false || value === null) answer.explicit = true;
      else wrong("true or a text that says why");
      return;
    case "decision":
      if (value === "allow" || value === "deny" || value === "ask") strengthen(answer, value);
      else wrong('"allow", "deny" or "ask"');
      return;
    case "text":
      if (typeof value !== "string") {
        wrong("a string");
      } else if (event.takes[name] === true) {
        answer.fields[name] = name === "message" || name === "reason" ? cutChars(value, MAX_REASON_CHARS) : value;
        if (name === "message") {
          answer.reason = answer.fields[name];
          answer.explicit = true;
        }
      } else answer.reason = cutChars(value, MAX_REASON_CHARS);
      return;
    case "flag":
      if (typeof value !== "boolean") {
        wrong("true or false");
      } else {
        answer.fields[name] = value;
        if (value && name !== "suppress") strengthen(answer, "block");
      }
      return;
    case "lines":
      readLines(value, answer, wrong);
      return;
    case "list":
      if (arrayIsArray(value)) answer.fields[name] = copyJson(value);
      else wrong("an array");
      return;
    default: {
      const copy = copyJson(value);
      if (copy === undefined) wrong("JSON");
      else answer.fields[name] = copy;
    }
  }
}

function readLines(value, answer, wrong) {
  const lines = newList();
  if (typeof value === "string") lines[0] = value;
  else if (arrayIsArray(value)) {
    const copy = copyJson(value);
    for (let i = 0; i < copy.length; i++) {
      if (typeof copy[i] !== "string") {
        wrong("a string or an array of strings");
        return;
      }
      lines[i] = copy[i];
    }
  } else {
    wrong("a string or an array of strings");
    return;
  }
  answer.fields.additional_system_prompt = lines;
}

function takenBy(event) {
  return event.outputs.length === 0 ? "nothing" : arrayJoin(event.outputs, ", ");
}

/** Merge one answer into the event's state. */
function applyAnswer(call, event, answer) {
  if (answer.error !== null) noteComplaint(call, answer.error);
  const names = objectKeys(answer.fields);
  for (let i = 0; i < names.length; i++) addOutput(call, names[i], answer.fields[names[i]]);
  if (answer.action !== null) decide(call, answer.action, answer.reason);
  else if (answer.reason !== null && !answer.explicit) {
    noteComplaint(call, `a result of ${event.name} gave a reason but no decision`);
  }
}

/** Set one field of the event's output, and let later handlers see it. *value* is plain data of our own. */
function addOutput(call, name, value) {
  if (name === "additional_system_prompt") {
    for (let i = 0; i < value.length; i++) addPromptLine(call, value[i], false);
    return;
  }
  if (call.out === null) call.out = { __proto__: null };
  if (name === "messages" && call.out.messages !== undefined) {
    const all = call.out.messages;
    for (let i = 0; i < value.length; i++) all[all.length] = value[i];
  } else call.out[name] = value;
  const field = rewrites[name];
  if (call.more && field !== undefined && eventTable[call.n].takes[name] === true) changeInput(call, field, thaw(value));
  if (name === "modified_output") call.piResult = null;
}

function addPromptLine(call, text, fromPi) {
  if (call.added === null) call.added = newList();
  call.added[call.added.length] = { __proto__: null, text, fromPi };
}

function changeInput(call, field, value) {
  try {
    defineData(call.input, field, value);
  } catch {
    // a handler froze its input: the ones after it keep seeing the old one
  }
}

/** Take a decision if it is stronger than what was decided before; a veto ends the chain. */
function decide(call, action, reason) {
  if (call.action === null || actionRank[action] > actionRank[call.action]) {
    call.action = action;
    call.reason = reason;
  }
  if (actionRank[action] === 3) call.stop = true;
}

/** The event's result text: "0" for a plain continue, else "1" and JSON. */
function eventResult(call) {
  if (call.action === null && call.out === null && call.added === null && call.errors === 0) return "0";
  const value = eventValue(call, true);
  const text = jsonStringify(value);
  if (!exceedsBytes(text, limits.payloadOut)) return flat("1", text);
  noteComplaint(call, `the output is larger than the limit of ${limits.payloadOut} bytes`);
  if (call.action === null || actionRank[call.action] < 3) return errorResult(tooLarge(limits.payloadOut));
  return flat("1", jsonStringify(eventValue(call, false))); // a veto gets through without its luggage
}

function eventValue(call, withFields) {
  const takes = eventTable[call.n].takes;
  const hasOutput = call.out !== null || call.added !== null;
  const out = withFields && call.out !== null ? call.out : { __proto__: null };
  if (withFields && call.added !== null) {
    const lines = newList();
    for (let i = 0; i < call.added.length; i++) lines[i] = call.added[i].text;
    out.additional_system_prompt = lines;
  }
  const value = { __proto__: null, action: "continue" };
  if (call.action !== null) value.action = call.action;
  else if (!hasOutput && call.errors > 0) value.action = "error";
  if (call.action !== null) decidedFields(call, takes, out, value);
  if (objectKeys(out).length > 0) value.output = out;
  if (call.errors > 0) {
    value.error = call.errors === 1 ? call.error : `${call.error} (and ${call.errors - 1} more)`;
    if (call.stack !== "") value.stack = call.stack;
  }
  return value;
}

/** Say a decision in the terms of its event, too: block, decision and message, prevent. */
function decidedFields(call, takes, out, value) {
  const isVeto = actionRank[call.action] === 3;
  const reason = call.reason === null && isVeto ? `${call.action === "deny" ? "denied" : "blocked"} by ${instance.name}` : call.reason;
  if (takes.decision === true) {
    if (isVeto) value.action = "deny";
    out.decision = value.action;
    if (reason !== null) out.message = reason;
  } else if (isVeto && takes.block === true) {
    out.block = reason;
    if (takes.cancel === true) out.cancel = true;
  } else if (isVeto && takes.prevent === true) out.prevent = true;
  if (reason !== null) value.reason = reason;
}

internals.format = { // what pi's events are made of (lazy/pi/format.js)
  __proto__: null, addOutput, addPromptLine, arrayIsArray, arrayJoin, blocksText, changeInput, copyJson, cutChars, dateNow, decide, defineData,
  errorLine, eventNumbers, freeze, hasOwn, instance, jsonStringify, jsonText, kindOf, makeError, maxReasonChars: MAX_REASON_CHARS, newList,
  stringIndexOf, stringSlice, stringStartsWith, thaw, undefinedFunction, uuid,
};
