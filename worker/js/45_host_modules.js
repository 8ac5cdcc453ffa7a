// Modules that a plugin may import without shipping them: what pi's host packages offer that is true here.
// What is absent from an entry (VERSION, sessions, a terminal) is absent, not imitated. What is made of text is
// there (worker/js/lazy/pi): a plugin's own rendering runs, and gives lines.
// The table maps an import specifier to a function that gives the exports: a frozen object without a prototype.

const hostModules = { __proto__: null };
let importsPi = false; // whether the plugin uses one of pi's own packages: then it is written for pi

function addHostModules() {
  const exportsOf = (fields) => {
    const namespace = freeze(setPrototypeOf(fields, null));
    return () => namespace;
  };
  const defineTool = (definition) => definition;
  const StringEnum = (values, options) => stringEnum(values, options);
  defineProperty(defineTool, "name", { __proto__: null, value: "defineTool" });
  defineProperty(StringEnum, "name", { __proto__: null, value: "StringEnum" });
  freeze(defineTool);
  freeze(StringEnum);
  const ofPi = (exported) => () => {
    importsPi = true;
    return exported();
  };
  const ai = ofPi(exportsOf({ Type, StringEnum }));
  const agent = ofPi(namespaceOfPart("pi/coding_agent", { __proto__: null, defineTool }));
  const tui = ofPi(namespaceOfPart("pi/tui"));
  const typebox = exportsOf({ Type, default: Type, ...Type });
  const scopes = ["@mariozechner", "@earendil-works", "@oh-my-pi"];
  for (let i = 0; i < scopes.length; i++) {
    hostModules[`${scopes[i]}/pi-ai`] = ai;
    hostModules[`${scopes[i]}/pi-ai/compat`] = ai;
    hostModules[`${scopes[i]}/pi-coding-agent`] = agent;
    hostModules[`${scopes[i]}/pi-tui`] = tui;
  }
  hostModules.typebox = typebox;
  hostModules["@sinclair/typebox"] = typebox;
}
addHostModules();
