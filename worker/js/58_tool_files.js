// A file of a tools directory: its default export is a tool, a list of tools, or a function that gives either.
//
// Promises    Such a tool is registered as any other: the same checks, tiers and ways of calling it. A tool without a
//             name has the file's. A function may register by itself instead and give nothing.
// As in       oh-my-pi's custom tools: what the function is given has typebox, pi (the coding agent's module) and ui, too.

/** Register what the entry module of a tools file exports; a promise when it is given later. */
function runToolFile(exported, api) {
  let main = exported;
  if (isMetadata(main) && hasOwn(main, "default") && !hasOwn(main, "description")) main = main.default; // from CommonJS
  const given = typeof main === "function" ? main(toolApi(api)) : main;
  return isPromise(given) ? after(given, registerGiven) : registerGiven(given);
}

function registerGiven(given) {
  if (given === undefined || given === null) {
    if (mapSize(tools) > 0) return undefined;
    throw new TypeErrorCtor("a file of a tools directory exports a tool as default, a list of tools, or a function that gives either");
  }
  if (!arrayIsArray(given)) return registerTool(given, instance.name);
  for (let i = 0; i < given.length; i++) registerTool(given[i]);
  return undefined;
}

/** pi with what oh-my-pi gives a custom tool besides. */
function toolApi(api) {
  const out = {};
  const keys = ownKeys(api);
  for (let i = 0; i < keys.length; i++) {
    defineProperty(out, keys[i], setPrototypeOf(getDescriptor(api, keys[i]), null));
  }
  const part = (name, get) => defineProperty(out, name, { __proto__: null, get: freeze(get), enumerable: true });
  part("typebox", () => hostModules.typebox());
  part("pi", () => hostModules["@oh-my-pi/pi-coding-agent"]());
  part("ui", () => silentUi);
  part("hasUI", () => false);
  return freeze(out);
}
