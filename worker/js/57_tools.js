// Tools and commands: registration, calls, results.
//
// Promises    Both of pi's argument orders of ``execute`` work; jcode's ``handler(params, ctx)`` too. A tool without
//             either is listed, and its calls answer with an error that says so.
// Results     string -> {output}; {output, title?, metadata?, images?}; pi's {content: [...], details?}; any other
//             JSON value -> {output: value}. Failure is a throw, or ``is_error``/``isError``: true beside content.

const updateName = /update/i;
const resultKeys = freeze({
  __proto__: null, output: true, title: true, metadata: true, images: true, content: true, details: true,
  is_error: true, isError: true,
});

/** Register the tool *definition*; *otherwise* is its name if it has none. */
function registerTool(definition, otherwise) {
  checkDefinition("registerTool", definition);
  const own = fieldOf(definition, "name");
  const name = checkName("registerTool", own === undefined ? otherwise : own, plainName);
  const what = `tool "${name}"`;
  const info = { __proto__: null, name };
  info.description = checkText(`${what}: description`, fieldOf(definition, "description"), MAX_DESCRIPTION_CHARS);
  const parameters = fieldOf(definition, "parameters");
  if (parameters !== undefined && parameters !== null) {
    if (typeof parameters !== "object" || arrayIsArray(parameters)) {
      throw new TypeErrorCtor(`${what}: parameters must be a JSON Schema object, not ${kindOf(parameters)}`);
    }
    info.parameters = copyJson(parameters);
  }
  const tier = fieldOf(definition, "tier");
  if (tier !== undefined) {
    if (typeof tier !== "string" || tierNames[tier] !== true) throw new TypeErrorCtor(`${what}: tier is "read", "write" or "exec"`);
    info.tier = tier;
  }
  const output = fieldOf(definition, "outputSchema");
  const schema = output === undefined ? fieldOf(definition, "returns") : output;
  if (schema !== undefined && schema !== null) {
    if (typeof schema !== "object" || arrayIsArray(schema)) {
      throw new TypeErrorCtor(`${what}: outputSchema must be a JSON Schema object, not ${kindOf(schema)}`);
    }
    info.output_schema = copyJson(schema);
  }
  const label = fieldOf(definition, "label");
  if (label !== undefined) info.label = checkText(`${what}: label`, label, 200);
  const handler = checkFunction(`${what}: handler`, fieldOf(definition, "handler"));
  const execute = checkFunction(`${what}: execute`, fieldOf(definition, "execute"));
  info.has_handler = handler !== null || execute !== null;
  putRegistration(tools, name, {
    __proto__: null, info, self: definition,
    run: handler !== null ? handler : execute,
    kind: handler !== null ? "handler" : execute === null ? "none" : isOldExecute(execute) ? "old" : "new",
    prepare: checkFunction(`${what}: prepareArguments`, fieldOf(definition, "prepareArguments")),
  });
}

function unregisterTool(name) {
  const known = typeof name === "string" && mapDelete(tools, name);
  if (known) markRegistry();
  return known;
}

function getTools() {
  return thaw(infosOf(tools));
}

/** pi before 0.51 called execute(id, params, onUpdate, ctx, signal); only the parameters' names tell. */
function isOldExecute(fn) {
  let source;
  try {
    source = functionToString(fn);
  } catch {
    return false;
  }
  const third = parameterName(source, 2);
  return third !== null && regexExec(updateName, third) !== null;
}

/** The text of parameter *index* in a function's source; null when there are fewer. */
function parameterName(source, index) {
  let at = stringIndexOf(source, "(", 0);
  if (at < 0) return null;
  let depth = 0;
  let seen = 0;
  let from = at + 1;
  const end = mathMin(source.length, at + 4000);
  for (; at < end; at++) {
    const c = source[at];
    if (c === '"' || c === "'" || c === "`") at = closingQuote(source, at, end);
    else if (c === "/" && source[at + 1] === "*") at = mathMax(at, stringIndexOf(source, "*/", at + 2) + 1);
    else if (c === "/" && source[at + 1] === "/") at = mathMax(at, stringIndexOf(source, "\n", at));
    else if (c === "(" || c === "[" || c === "{") depth += 1;
    else if (c === ")" || c === "]" || c === "}") {
      depth -= 1;
      if (depth === 0) break;
    } else if (c === "," && depth === 1) {
      if (seen === index) break;
      seen += 1;
      from = at + 1;
    }
  }
  if (seen !== index) return null;
  const name = stringTrim(stringSlice(source, from, at));
  return name === "" ? null : name;
}

function closingQuote(source, at, end) {
  const quote = source[at];
  let i = at + 1;
  while (i < end && source[i] !== quote) i += source[i] === "\\" ? 2 : 1;
  return i;
}

/** TOOL: run one tool call; the result text at once, or undefined when it comes later. */
function callTool(id, text) {
  const request = jsonParse(text);
  const tool = mapGet(tools, request.name);
  if (tool === undefined) {
    return errorResult(makeError("E_NOT_FOUND", `this plugin has no tool "${request.name}"`));
  }
  if (tool.run === null) {
    return errorResult(makeError("E_NO_HANDLER", `tool "${request.name}" was registered without a handler, so it cannot be called`));
  }
  const call = newCall(id, "");
  call.context = contextFrom(request);
  return runCall(call, () => runTool(call, tool, hasOwn(request, "params") ? request.params : {}), (value) => toolResult(call, request.name, value));
}

function contextFrom(request) {
  const given = hasOwn(request, "ctx") ? request.ctx : null;
  return setPrototypeOf(typeof given === "object" && given !== null ? given : {}, null);
}

function runTool(call, tool, given) {
  const ctx = new CallHandle(call);
  let params = given === null ? {} : given;
  if (tool.prepare !== null) {
    const prepared = reflectApply(tool.prepare, tool.self, [params]);
    if (prepared !== undefined) params = prepared;
  }
  if (tool.kind === "handler") return reflectApply(tool.run, tool.self, [params, ctx]);
  const given_id = call.context.tool_call_id;
  const toolCallId = typeof given_id === "string" ? given_id : `call_${uuid()}`;
  const signal = signalOf(call);
  const onUpdate = updateOf(call);
  return reflectApply(tool.run, tool.self, tool.kind === "old"
    ? [toolCallId, params, onUpdate, ctx, signal]
    : [toolCallId, params, signal, onUpdate, ctx]);
}

const MAX_UPDATE_CHARS = 262144; // of JSON; a larger one is left out

/** onUpdate for *call*: what the tool has so far, for an agent that shows it. Throws for what is no result. */
function updateOf(call) {
  return freeze((partial) => {
    if (call.done || call.cancelled) return;
    const copy = normaliseToolResult(partial);
    if (jsonStringify(copy).length <= MAX_UPDATE_CHARS) cast(call, "tool.update", copy);
  });
}

function toolResult(call, name, value) {
  const copy = normaliseToolResult(value);
  const text = resultText(copy);
  // pi's tools find in the session what they gave before
  if (copy.content !== undefined) lazy("pi/session").toolEnded(call, name, copy);
  return text;
}

/** "1" and the JSON of plain data, refused when it is over the limit. */
function resultText(copy) {
  const text = jsonStringify(copy);
  if (exceedsBytes(text, limits.payloadOut)) throw tooLarge(limits.payloadOut);
  return flat("1", text);
}

function normaliseToolResult(value) {
  if (value === undefined || value === null) return { __proto__: null, output: null };
  if (typeof value === "function" || typeof value === "symbol") {
    throw makeError("E_INVALID", `a tool's result is text or JSON, not ${kindOf(value)}`);
  }
  const copy = copyJson(value);
  if (typeof copy !== "object" || arrayIsArray(copy)) return { __proto__: null, output: copy };
  if (arrayIsArray(copy.content)) return contentResult(copy);
  if (copy.output === undefined) return { __proto__: null, output: copy };
  const keys = objectKeys(copy);
  for (let i = 0; i < keys.length; i++) {
    if (resultKeys[keys[i]] !== true) return { __proto__: null, output: copy }; // data that happens to say output
  }
  return withError(copy, copy);
}

function contentResult(copy) {
  const out = { __proto__: null, output: blocksText(copy.content), content: copy.content };
  if (copy.details !== undefined) out.details = copy.details;
  if (copy.title !== undefined) out.title = copy.title;
  if (copy.metadata !== undefined) out.metadata = copy.metadata;
  if (copy.images !== undefined) out.images = copy.images;
  return withError(out, copy);
}

function withError(out, copy) {
  const failed = copy.is_error === true || copy.isError === true;
  delete out.isError;
  delete out.is_error;
  if (failed) out.is_error = true;
  return out;
}

/** The texts of content blocks, joined by newlines; a block that is none is an error. */
function blocksText(blocks) {
  const texts = newList();
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i];
    if (typeof block !== "object" || block === null || typeof block.type !== "string") {
      throw makeError("E_INVALID", "each content block is an object with a type");
    }
    if (block.type === "text") {
      if (typeof block.text !== "string") throw makeError("E_INVALID", "a text block has a text");
      texts[texts.length] = block.text;
    }
  }
  return arrayJoin(texts, "\n");
}

/** COMMAND: run a registered command, or what a person did in the interface; result {"output": any}. */
function callCommand(id, text) {
  const request = jsonParse(text);
  if (hasOwn(request, "ui")) {
    const pressed = newCall(id, "");
    pressed.context = contextFrom(request);
    return runCall(pressed, () => lazy("pi/ui_input").take(pressed, request.ui), commandResult);
  }
  const command = mapGet(commands, request.name);
  if (command === undefined) {
    return errorResult(makeError("E_NOT_FOUND", `this plugin has no command "${request.name}"`));
  }
  const call = newCall(id, "");
  call.context = contextFrom(request);
  if (hasOwn(request, "complete")) {
    if (command.complete === null) return resultText({ __proto__: null, output: [] });
    return runCall(call, () => reflectApply(command.complete, command.self, [request.complete, new CallHandle(call)]), completionsResult);
  }
  const args = typeof request.args === "string" ? request.args : "";
  return runCall(call, () => reflectApply(command.run, command.self, [args, new CallHandle(call)]), commandResult);
}

/** null, or a list of texts or of {value, label?, description?}. */
function completionsResult(value) {
  const copy = value === undefined || value === null ? [] : copyJson(value);
  if (!arrayIsArray(copy)) throw makeError("E_INVALID", `completions are a list, not ${kindOf(value)}`);
  return resultText({ __proto__: null, output: copy });
}

function commandResult(value) {
  if (typeof value === "function" || typeof value === "symbol") {
    throw makeError("E_INVALID", `a command's result is text or JSON, not ${kindOf(value)}`);
  }
  const copy = copyJson(value);
  if (typeof copy === "object" && copy !== null && !arrayIsArray(copy) && copy.output !== undefined) {
    return resultText({ __proto__: null, output: copy.output });
  }
  return resultText({ __proto__: null, output: copy === undefined ? null : copy });
}
