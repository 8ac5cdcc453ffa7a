// A file of a tools directory: its default export is a tool, a list of tools, or a function that gives either.
//
// Promises    Such a tool is registered as any other: the same checks, tiers and ways of calling it. A tool without a
//             name has the file's. A function may register by itself instead and give nothing.
// As in       oh-my-pi's custom tools: what the function is given has typebox, pi (the coding agent's module) and ui, too.

const { after, hasTools, hostModules, instance, isMetadata, registerTool } = internals;

const isPromise = (value) => value instanceof Promise;

/** Register what the entry module of a tools file exports; a promise when it is given later. */
exports.run = function run(exported, api) {
  let main = exported;
  if (isMetadata(main) && Object.hasOwn(main, "default") && !Object.hasOwn(main, "description")) main = main.default; // from CommonJS
  const given = typeof main === "function" ? main(toolApi(api)) : main;
  return isPromise(given) ? after(given, registerGiven) : registerGiven(given);
};

function registerGiven(given) {
  if (given === undefined || given === null) {
    if (hasTools()) return undefined;
    throw new TypeError("a file of a tools directory exports a tool as default, a list of tools, or a function that gives either");
  }
  if (!Array.isArray(given)) return registerTool(given, instance.name);
  for (const tool of given) registerTool(tool);
  return undefined;
}

/** pi with what oh-my-pi gives a custom tool besides. */
function toolApi(api) {
  const out = Object.defineProperties({}, Object.getOwnPropertyDescriptors(api));
  const part = (name, get) => Object.defineProperty(out, name, { get: Object.freeze(get), enumerable: true });
  part("typebox", () => hostModules.typebox());
  part("pi", () => hostModules["@oh-my-pi/pi-coding-agent"]());
  part("hasUI", () => internals.hasInterface());
  return Object.freeze(out);
}
