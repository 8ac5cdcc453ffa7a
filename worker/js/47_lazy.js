// Parts of the runtime that are evaluated when a plugin first asks for them: web APIs, node's modules, vendored code.
//
// Each is a CommonJS body: module, exports, require (of other parts, by name) and, for our own ones, ``internals``.
// Vendored code gets no internals. By the time a part runs the plugin may have changed the built-ins it uses, and
// fools itself: no part holds anything that the host would believe.

const lazyParts = { __proto__: null }; // name -> module
const internals = { __proto__: null }; // what our own parts may use; each file of the runtime adds its share
internals.hostcall = hostcall; // (call or null, name, args, signal?) -> promise
internals.hostcallSync = hostcallSync; // (call or null, name, args) -> answer
internals.cast = cast; // (call or null, name, args)
internals.makeError = makeError; // (code, message) -> Error with that code
internals.instance = instance; // who the plugin is: cwd, dataDir, settings, ...
internals.coalesced = coalesced; // (flush) -> mark: flush runs once before the entry ends
internals.copyJson = copyJson; // (anything) -> plain data, or throws
internals.sessionOf = sessionOf; // (call) -> the id of its session, or null
internals.sleep = sleep; // (call or null, ms) -> promise
internals.reportUnhandled = reportUnhandled; // (anything thrown): a line of the plugin's log
internals.hasInterface = hasInterface; // () -> whether somebody looks at a user interface
internals.uiState = () => instance.ui; // the state of the interface, null, or undefined
internals.publish = publish; // (target, name, fn): a function that stays as it is

function lazy(name) {
  const known = lazyParts[name];
  if (known !== undefined) return known.exports;
  const source = __py.text(name);
  if (source === "") throw makeError("E_INTERNAL", `the runtime has no part called ${name}`);
  const module = { exports: {} };
  lazyParts[name] = module;
  try {
    const isVendored = stringStartsWith(name, "vendor/");
    const body = indirectEval(`(function (module, exports, require, internals) {${source}\n})`);
    body(module, module.exports, lazy, isVendored ? undefined : internals);
  } catch (error) {
    delete lazyParts[name]; // out of memory, perhaps: the next use tries again
    throw error;
  }
  return module.exports;
}

/** Define the global *name* as what *part* exports under that name, evaluated at first use. */
function defineLazyGlobal(name, part) {
  const settle = (value) => defineGlobal(name, value);
  defineProperty(globalObject, name, {
    __proto__: null,
    get: () => {
      const value = lazy(part)[name];
      if (value === undefined) return undefined; // the part itself asks, while it is evaluated
      // A bundler renames classes that would hide a global.
      if (typeof value === "function") defineProperty(value, "name", { __proto__: null, value: name });
      settle(value);
      return value;
    },
    set: settle,
    enumerable: false,
    configurable: true,
  });
}

/** A function that gives the exports of *part*, frozen, with ``default`` as node's modules have it, and those of *more*. */
function namespaceOfPart(part, more) {
  let namespace = null;
  return () => {
    if (namespace === null) {
      const exported = lazy(part);
      const fields = { __proto__: null };
      const names = objectKeys(exported);
      for (let i = 0; i < names.length; i++) defineProperty(fields, names[i], getDescriptor(exported, names[i])); // a getter stays one
      const added = objectKeys(more || nothing);
      for (let i = 0; i < added.length; i++) fields[added[i]] = more[added[i]];
      if (!hasOwn(fields, "default")) fields.default = exported;
      namespace = freeze(fields);
    }
    return namespace;
  };
}

/** Make *specifier* importable: its exports are those of *part*. */
function defineLazyModule(specifier, part) {
  hostModules[specifier] = namespaceOfPart(part);
}
