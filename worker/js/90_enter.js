// enter(op, id, n, text, text2): the one way in, held by the engine alone.
//
// Promises    Never throws: an exception that reached Python would be converted by running the plugin. Returns
//             undefined (nothing, or a RESULT later) or a flat text: "0", "1{json}" or "2{error json}".
// Relies on   The host delivering one entry at a time, and the engine draining all jobs after it returns.

const OP_LOAD = 0;
const OP_EVENT = 1;
const OP_TOOL = 2;
const OP_COMMAND = 3;
const OP_ANSWER = 4;
const OP_WAKE = 5;
const OP_CANCEL = 6;
const OP_PUSH = 7;

function enter(op, id, n, text, text2) {
  entryOpen = true;
  let result;
  try {
    result = runEntry(op, id, n, text, text2);
  } catch {
    // Only our own failure or an exhausted engine comes here; the text is fixed because neither can be asked.
    result = op <= OP_COMMAND ? INTERNAL_ERROR : undefined;
  }
  entryOpen = false;
  try {
    flushEntry();
  } catch {
    // the casts are lost, the answer is not
  }
  return result;
}

function runEntry(op, id, n, text, text2) {
  switch (op) {
    case OP_EVENT:
      return dispatchEvent(id, n, text, text2);
    case OP_TOOL:
      return callTool(id, text);
    case OP_COMMAND:
      return callCommand(id, text);
    case OP_ANSWER:
      answerHostcall(id, n, text);
      return undefined;
    case OP_WAKE:
      runDueTimers();
      return undefined;
    case OP_CANCEL:
      cancelCall(id);
      return undefined;
    case OP_PUSH:
      push(jsonParse(text));
      return undefined;
    case OP_LOAD:
      return load(id, text, text2);
    default:
      return errorResult(makeError("E_INVALID", `unknown entry ${op}`));
  }
}

/** PUSH: news from the host; topics that are not known here are for later versions. */
function push(message) {
  if (message.topic === "kv") pushKv(message);
  else if (message.topic === "bus") lazy("pi/events").push(message);
  else if (message.topic === "server_event") lazy("pi/server_events").push(message);
  else if (message.topic === "ui") lazy("pi/ui_view").push(message);
}

/** LOAD: take the header, run the bundle, call its default export. */
function load(id, headerText, bundle) {
  const header = jsonParse(headerText);
  setInstance(header);
  setLimits(hasOwn(header, "limits") ? header.limits : null);
  seedRandom();
  const api = makeApi();
  defineGlobal("pi", api);
  defineGlobal("jcode", api);
  const call = newCall(id, "");
  const entries = hasOwn(header, "entries") ? header.entries : [0];
  return runCall(call, () => runBundle(bundle, entries, api), () => {
    instance.loaded = true;
    const registered = registryData();
    lastRegistry = jsonStringify(registered);
    return resultText({ __proto__: null, registered });
  });
}

/** Evaluate the bundle and its entry modules; a promise when a module or a default export awaits. */
function runBundle(bundle, entries, api) {
  const loader = makeLoader(hostModules);
  const start = indirectEval(bundle);
  if (typeof start !== "function") throw makeError("E_INVALID", "the bundle is not a function");
  start(loader);
  return runFrom(loader, entries, 0, api);
}

/** Run the entries from *at* on, each when the one before has finished: the main file, then those of features. */
function runFrom(loader, entries, at, api) {
  for (let i = at; i < entries.length; i++) {
    const { ns, promise } = loader.run(entries[i]);
    const isToolFile = isListed(instance.toolFiles, i);
    const value = promise === null
      ? runEntryModule(ns, api, isToolFile)
      : after(promise, () => runEntryModule(ns, api, isToolFile));
    if (isPromise(value)) return after(value, () => runFrom(loader, entries, i + 1, api));
  }
  return undefined;
}

/** A promise of what *next* gives once *promise* is fulfilled; it is given what that is. */
function after(promise, next) {
  return new PromiseCtor((resolve, reject) => {
    whenSettled(promise, (value) => {
      try {
        resolve(next(value));
      } catch (error) {
        reject(error);
      }
    }, reject);
  });
}

internals.after = after; // what lazy parts need for a file of a tools directory
internals.hasTools = () => mapSize(tools) > 0;
internals.hostModules = hostModules;
internals.isMetadata = isMetadata;
internals.registerTool = registerTool;

/** Run what the entry exports as default; an object is metadata, which the host has read from the file itself. */
function runEntryModule(ns, api, isToolFile) {
  let main = hasOwn(ns, "default") ? ns.default : undefined;
  if (isToolFile) return lazy("pi/tool_files").run(main, api);
  // CommonJS that sets exports.default: its namespace's default is the exports object around it.
  if (isMetadata(main) && hasOwn(main, "default") && typeof main.default === "function") main = main.default;
  if (typeof main === "function") return main(api);
  if (main !== undefined && !isMetadata(main)) {
    throw new TypeErrorCtor("default export is neither a function nor an object with metadata");
  }
  return undefined;
}

function isListed(list, item) {
  if (list === null) return false;
  for (let i = 0; i < list.length; i++) if (list[i] === item) return true;
  return false;
}

function isMetadata(value) {
  return typeof value === "object" && value !== null && !arrayIsArray(value);
}

