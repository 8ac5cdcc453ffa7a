// pi's extension format: lower-case events, each an adapter between pi's event object and one of ours.
//
// An adapter   event(call) makes pi's event object from the payload; returned(call, event, result) reads pi's result
//              into the event's state; threw(call, error), or null, says what a throw means beyond being reported.
// Follows pi   a throw in tool_call blocks the tool; other throws are reported. Results are chained: each handler sees
//              what the one before changed. A result of an event that takes none is ignored.
// Relies on   the built-ins that ``internals.format`` brings: what a plugin did to its own is no news to its handlers.
// Elsewhere    ctx: 67_context.js. Events that pi has and nothing here fires are accepted by on() and never come.

const {
  addOutput, addPromptLine, arrayIsArray, arrayJoin, blocksText, changeInput, copyJson, cutChars, dateNow, decide, defineData, errorLine,
  eventNumbers, freeze, hasOwn, instance, jsonStringify, jsonText, kindOf, makeError, maxReasonChars, newList, stringIndexOf, stringSlice,
  stringStartsWith, thaw, undefinedFunction, uuid,
} = internals.format;

const piAdapters = { __proto__: null }; // name -> list of {n, adapter, phase}

function definePi(name, targets) {
  const list = newList();
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i];
    const n = eventNumbers[target.on];
    list[i] = {
      __proto__: null, n, phase: target.phase || 0,
      adapter: {
        __proto__: null, event: target.event, returned: target.returned || undefinedFunction, threw: target.threw || null,
      },
    };
  }
  piAdapters[name] = list;
}

/** An own field of a pi result, read once; undefined for anything that is no object. */
function piField(result, key) {
  if (typeof result !== "object" || result === null) return undefined;
  return hasOwn(result, key) ? result[key] : undefined;
}

function callIdOf(call) {
  if (call.toolCallId === null) {
    const input = call.input;
    const given = hasOwn(input, "tool_call_id") ? input.tool_call_id : hasOwn(input, "tool_use_id") ? input.tool_use_id : undefined;
    call.toolCallId = typeof given === "string" ? given : `call_${uuid()}`;
  }
  return call.toolCallId;
}

function ownText(input, key) {
  const value = hasOwn(input, key) ? input[key] : undefined;
  return typeof value === "string" ? value : "";
}

function ownValue(input, key, fallback) {
  return hasOwn(input, key) && input[key] !== undefined ? input[key] : fallback;
}

// --- tool_call -----------------------------------------------------------------------------------------

definePi("tool_call", [{
  on: "PreToolUse",
  event(call) {
    const input = call.input;
    if (!hasOwn(input, "tool_input") || typeof input.tool_input !== "object" || input.tool_input === null) {
      defineData(input, "tool_input", {});
    }
    call.piInput = jsonText(input.tool_input); // to see whether the handler changes it in place
    return { type: "tool_call", toolName: ownText(input, "tool_name"), toolCallId: callIdOf(call), input: input.tool_input };
  },
  returned(call, event, result) {
    const reason = piField(result, "reason");
    if (piField(result, "block")) {
      decide(call, "block", typeof reason === "string" && reason !== "" ? cutChars(reason, maxReasonChars) : null);
      return;
    }
    const given = piField(result, "input"); // omp: the changed input may be returned, too
    const copy = copyJson(typeof given === "object" && given !== null ? given : event.input);
    if (jsonStringify(copy) !== call.piInput) addOutput(call, "modified_input", copy);
  },
  threw(call, error) {
    decide(call, "block", cutChars(errorLine(error), maxReasonChars));
  },
}]);

// --- tool_result ---------------------------------------------------------------------------------------

/** The tool's output in pi's terms: {content, details, isError}, kept on the call so that patches chain. */
function piResultOf(call, failed) {
  if (call.piResult === null) {
    const input = call.input;
    const output = failed ? ownValue(input, "error", "") : ownValue(input, "tool_output", "");
    call.piResult = {
      __proto__: null, content: contentOf(output), details: piField(output, "details"), isError: failed,
      wasText: typeof output === "string", patched: false,
    };
    if (piField(output, "is_error") === true || piField(output, "isError") === true) call.piResult.isError = true;
  }
  return call.piResult;
}

function contentOf(output) {
  const content = piField(output, "content");
  if (arrayIsArray(content)) return content;
  const inner = piField(output, "output");
  const value = inner === undefined ? output : inner;
  const text = typeof value === "string" ? value : jsonText(value);
  return [{ type: "text", text: text === undefined ? "" : text }];
}

function resultEvent(failed) {
  return (call) => {
    const input = call.input;
    const state = piResultOf(call, failed);
    return {
      type: "tool_result", toolName: ownText(input, "tool_name"), toolCallId: callIdOf(call),
      input: ownValue(input, "tool_input", {}), content: state.content, details: state.details, isError: state.isError,
    };
  };
}

function resultPatched(failed) {
  return (call, _event, result) => {
    const content = piField(result, "content");
    const details = piField(result, "details");
    const isError = piField(result, "isError");
    if (content === undefined && details === undefined && isError === undefined) return;
    const state = piResultOf(call, failed);
    let text = null;
    if (content !== undefined) {
      if (!arrayIsArray(content)) throw makeError("E_INVALID", `content of a tool_result must be an array, not ${kindOf(content)}`);
      const copy = copyJson(content);
      text = blocksText(copy);
      state.content = thaw(copy);
    }
    if (details !== undefined) state.details = details;
    if (isError !== undefined) state.isError = isError === true;
    if (failed) return; // PostToolUseFailure takes no output: the patch is for the handlers behind
    // An agent that gave a text gets a text back, as long as a text can say it.
    const plain = state.wasText && details === undefined && isError === undefined && onlyText(state.content);
    const value = plain ? text : copyJson({ content: state.content, details: state.details, isError: state.isError });
    addOutput(call, "modified_output", value);
    call.piResult = state; // addOutput drops it, for changes that do not come from here
    if (!plain) state.wasText = false;
  };
}

function onlyText(blocks) {
  for (let i = 0; i < blocks.length; i++) if (blocks[i].type !== "text") return false;
  return true;
}

definePi("tool_result", [
  { on: "PostToolUse", event: resultEvent(false), returned: resultPatched(false) },
  { on: "PostToolUseFailure", event: resultEvent(true), returned: resultPatched(true) },
]);

// --- input ---------------------------------------------------------------------------------------------

definePi("input", [{
  on: "UserPromptSubmit",
  event(call) {
    const content = ownValue(call.input, "content", "");
    const text = typeof content === "string" ? content : arrayIsArray(content) ? textOfBlocks(content) : "";
    const event = { type: "input", text, source: ownText(call.input, "source") || "interactive" };
    if (hasOwn(call.input, "images")) event.images = call.input.images;
    return event;
  },
  returned(call, event, result) {
    const action = piField(result, "action");
    const text = piField(result, "text");
    if (action === "handled" || (action === undefined && piField(result, "handled") === true)) {
      decide(call, "block", `handled by ${instance.name}`);
      if (call.out === null) call.out = { __proto__: null };
      call.out.handled = true;
      return;
    }
    if (action !== undefined && action !== "continue" && action !== "transform") {
      throw makeError("E_INVALID", "a result of input has an action that is none of continue, transform, handled");
    }
    if (action !== "continue" && text !== undefined) {
      if (typeof text !== "string") throw makeError("E_INVALID", `text of an input result must be a string, not ${kindOf(text)}`);
      if (text !== event.text || action === "transform") addOutput(call, "modified_prompt", text);
    } else if (action === "transform") throw makeError("E_INVALID", "a transform of input needs a text");
  },
}]);

/** pi's {cancel: true}: what was about to happen to the session does not. */
function cancelled(call, _event, result) {
  if (piField(result, "cancel")) decide(call, "block", `cancelled by ${instance.name}`);
}

function textOfBlocks(blocks) {
  const texts = newList();
  for (let i = 0; i < blocks.length; i++) {
    const text = piField(blocks[i], "text");
    if (typeof text === "string") texts[texts.length] = text;
  }
  return arrayJoin(texts, "\n");
}

// --- before_agent_start ----------------------------------------------------------------------------------

definePi("before_agent_start", [{
  on: "AgentStart",
  event(call) {
    const input = call.input;
    const event = {
      type: "before_agent_start", prompt: ownText(input, "prompt"), systemPrompt: ownText(input, "system_prompt"),
      systemPromptOptions: { cwd: instance.cwd },
    };
    if (hasOwn(input, "images")) event.images = input.images;
    return event;
  },
  returned(call, event, result) {
    const whole = piField(result, "systemPrompt");
    if (typeof whole === "string") changePrompt(call, whole);
    else if (whole !== undefined) throw makeError("E_INVALID", `systemPrompt must be a string, not ${kindOf(whole)}`);
    const message = piField(result, "message");
    if (typeof message === "object" && message !== null) {
      const list = newList();
      list[0] = copyJson(message);
      addOutput(call, "messages", list);
    } else if (message !== undefined && message !== null) {
      throw makeError("E_INVALID", `message must be an object, not ${kindOf(message)}`);
    }
  },
}]);

/** A prompt that only grew is an addition, which many plugins may make; any other replaces the whole. */
function changePrompt(call, whole) {
  const old = ownText(call.input, "system_prompt");
  if (whole === old) return;
  if (stringStartsWith(whole, old)) addPromptLine(call, stringSlice(whole, old.length), true);
  else {
    dropPiLines(call); // they were part of the prompt that this one was made from, or dropped by it
    addOutput(call, "system_prompt", whole);
  }
  changeInput(call, "system_prompt", whole);
}

function dropPiLines(call) {
  if (call.added === null) return;
  const kept = newList();
  for (let i = 0; i < call.added.length; i++) if (!call.added[i].fromPi) kept[kept.length] = call.added[i];
  call.added = kept.length === 0 ? null : kept;
}

// --- events without a result -------------------------------------------------------------------------------

definePi("agent_start", [{ on: "AgentStart", phase: 1, event: () => ({ type: "agent_start" }) }]);
definePi("agent_end", [{
  on: "AgentEnd", event: (call) => ({ type: "agent_end", messages: ownValue(call.input, "messages", []) }),
}]);
definePi("session_start", [{
  on: "SessionStart", event: (call) => ({ type: "session_start", reason: ownText(call.input, "reason") || "startup" }),
}]);
definePi("session_shutdown", [{
  on: "SessionShutdown", event: (call) => ({ type: "session_shutdown", reason: ownText(call.input, "reason") || "quit" }),
}]);
definePi("session_switch", [{
  on: "SessionSwitch", event: (call) => ({ type: "session_switch", reason: ownText(call.input, "reason") || "resume" }),
}]);
definePi("session_before_switch", [{
  on: "SessionBeforeSwitch",
  event(call) {
    const event = { type: "session_before_switch", reason: ownText(call.input, "reason") || "resume" };
    const target = ownText(call.input, "target_session_id");
    if (target !== "") event.targetSessionFile = target;
    return event;
  },
  returned: cancelled,
}]);
definePi("session_before_fork", [{
  on: "SessionBeforeFork",
  event: (call) => ({
    type: "session_before_fork", entryId: ownText(call.input, "entry_id"), position: ownText(call.input, "position") || "before",
  }),
  returned: cancelled,
}]);
definePi("session_tree", [{
  on: "SessionTree",
  event: (call) => ({
    type: "session_tree", newLeafId: ownText(call.input, "new_leaf_id") || null, oldLeafId: ownText(call.input, "old_leaf_id") || null,
  }),
}]);
definePi("session_compact", [{
  on: "SessionCompact", event: (call) => ({ type: "session_compact", reason: ownText(call.input, "reason") }),
}]);
definePi("turn_start", [{
  on: "TurnStart",
  event: (call) => ({ type: "turn_start", turnIndex: ownValue(call.input, "turn_number", 0), timestamp: dateNow() }),
}]);
definePi("turn_end", [{
  on: "TurnEnd",
  event: (call) => ({
    type: "turn_end", turnIndex: ownValue(call.input, "turn_number", 0),
    message: ownValue(call.input, "message", { role: "assistant", content: [] }),
    toolResults: ownValue(call.input, "tool_results", []),
  }),
}]);
definePi("message_start", [{ on: "MessageStart", event: messageEvent("message_start") }]);
definePi("message_end", [{ on: "MessageEnd", event: messageEvent("message_end") }]);
definePi("tool_execution_start", [{
  on: "ToolExecutionStart",
  event: (call) => ({
    type: "tool_execution_start", toolCallId: callIdOf(call), toolName: ownText(call.input, "tool_name"),
    args: ownValue(call.input, "tool_input", {}),
  }),
}]);
definePi("tool_execution_end", [{
  on: "ToolExecutionEnd",
  event: (call) => ({
    type: "tool_execution_end", toolCallId: callIdOf(call), toolName: ownText(call.input, "tool_name"),
    result: ownValue(call.input, "tool_output", undefined), isError: ownValue(call.input, "is_error", false),
  }),
}]);

definePi("model_select", [{
  on: "ModelSelect",
  event: (call) => ({
    type: "model_select", model: modelOf(call.input, "model"), previousModel: modelOf(call.input, "previous_model"),
    source: ownText(call.input, "source") || "set",
  }),
}]);

/** pi's {provider, id} of a model that the agent names as "provider/id", as an id alone, or as such an object. */
function modelOf(input, key) {
  const model = ownValue(input, key, undefined);
  if (typeof model !== "string") return model === null ? undefined : model;
  const slash = stringIndexOf(model, "/");
  const id = stringSlice(model, slash + 1);
  return { provider: slash < 0 ? ownText(input, "provider") : stringSlice(model, 0, slash), id, name: id };
}

function messageEvent(type) {
  return (call) => ({
    type, message: { role: ownText(call.input, "role"), content: ownValue(call.input, "content", []) },
  });
}
module.exports = { adapters: freeze(piAdapters) };
