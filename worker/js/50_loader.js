// The module loader: ES module, CommonJS and JSON semantics for a bundle made by worker/build.
//
// Promises    Linking and evaluation follow ECMA-262 (cycles, live bindings, top-level await order).
//             No step looks anything up on a prototype that a plugin can change.
// Relies on   worker/build/bundle.py writing the calls of `define`; its argument order is repeated there.
// Elsewhere   What a host module contains: the table given to makeLoader.

const L_create = Object.create;
const L_defineProperty = Object.defineProperty;
const L_freeze = Object.freeze;
const L_keys = Object.keys;
const L_hasOwn = Object.hasOwn;
const L_preventExtensions = Object.preventExtensions;
const L_Object = Object;
const L_apply = Reflect.apply;
const L_uncurry = L_apply(Function.prototype.bind, Function.prototype.bind, [Function.prototype.call]);
const L_slice = L_uncurry(String.prototype.slice);
const L_startsWith = L_uncurry(String.prototype.startsWith);
const L_lastIndexOf = L_uncurry(String.prototype.lastIndexOf);
const L_split = L_uncurry(String.prototype.split);
const L_sort = L_uncurry(Array.prototype.sort);
const L_encode = encodeURIComponent;
const L_decode = decodeURIComponent;
const L_parse = JSON.parse;
const L_Proxy = Proxy;
const L_Promise = Promise;
const L_Error = Error;
const L_TypeError = TypeError;
const L_SyntaxError = SyntaxError;
const L_SuppressedError = globalThis.SuppressedError;
const L_asyncIterator = Symbol.asyncIterator;
const L_iterator = Symbol.iterator;
const L_toStringTag = Symbol.toStringTag;
const L_dispose = Symbol.dispose;
const L_asyncDispose = Symbol.asyncDispose;
const L_generator = L_create(Object.getPrototypeOf(function* () {}).prototype);
const L_next = L_uncurry(L_generator.next);
const L_throw = L_uncurry(L_generator.throw);

// kinds and flags of a module; worker/build/bundle.py writes the same numbers
const L_ESM = 0, L_CJS = 1, L_JSON = 2;
const L_AWAITS = 1;    // its own body contains top-level await
const L_LENIENT = 2;   // from TypeScript: a re-export that names nothing was a type
const L_BABEL = 4;     // default import of an __esModule object means its `default`
const L_DYNAMIC = 8;   // ES imports, but what it exports is its `module.exports`

const L_UNLINKED = 0, L_LINKED = 1, L_EVALUATING = 2, L_EVALUATING_ASYNC = 3, L_EVALUATED = 4;

const L_ROOT = "/plugin/";
const L_URL_ROOT = "file:///plugin/";
const L_SUFFIXES = [".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx", ".json",
  "/index.ts", "/index.tsx", "/index.mts", "/index.cts", "/index.js", "/index.mjs", "/index.cjs", "/index.jsx", "/index.json"];
const L_REWRITES = [[".js", ".ts"], [".js", ".tsx"], [".jsx", ".tsx"], [".mjs", ".mts"], [".cjs", ".cts"]];

// Lists without a prototype: writing an index can reach no setter of Array.prototype.
const L_list = () => { const list = L_create(null); list.n = 0; return list; };
const L_push = (list, item) => { list[list.n] = item; list.n += 1; };
const L_includes = (list, item) => { for (let i = 0; i < list.n; i++) if (list[i] === item) return true; return false; };
const L_data = (value, writable) => {
  const descriptor = L_create(null);
  descriptor.value = value; descriptor.writable = writable; descriptor.enumerable = true; descriptor.configurable = false;
  return descriptor;
};
const L_getter = (get) => { const d = L_create(null); d.get = get; d.enumerable = true; d.configurable = false; return d; };
const L_isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

const L_fail = (Type, code, message) => {
  const error = new Type(message);
  const descriptor = L_data(code, true);
  descriptor.configurable = true;
  L_defineProperty(error, "code", descriptor);
  return error;
};

// "a/./b/../c" -> "a/c"; null when it leaves the root
const L_normalise = (path) => {
  const parts = L_split(path, "/");
  const out = L_list();
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (part === "" || part === ".") continue;
    if (part === "..") { if (out.n === 0) return null; out.n -= 1; } else L_push(out, part);
  }
  let text = "";
  for (let i = 0; i < out.n; i++) text += (i === 0 ? "" : "/") + out[i];
  return text;
};
const L_dirname = (path) => { const cut = L_lastIndexOf(path, "/"); return cut < 0 ? "" : L_slice(path, 0, cut); };
const L_urlOf = (path) => {
  const parts = L_split(path, "/");
  let text = L_URL_ROOT;
  for (let i = 0; i < parts.length; i++) text += (i === 0 ? "" : "/") + L_encode(parts[i]);
  return text;
};
const L_isRelative = (spec) => spec === "." || spec === ".." || L_startsWith(spec, "./") || L_startsWith(spec, "../");
const L_packageOf = (spec) => {
  const parts = L_split(spec, "/");
  return L_startsWith(spec, "@") && parts.length > 1 ? parts[0] + "/" + parts[1] : parts[0];
};

// Stands for an export of a package that is not there: harmless until it is used.
const L_missingValue = (fail) => {
  const handler = L_create(null);
  const traps = ["apply", "construct", "get", "set", "has", "deleteProperty", "defineProperty", "ownKeys",
    "getOwnPropertyDescriptor", "getPrototypeOf", "setPrototypeOf", "isExtensible", "preventExtensions"];
  for (let i = 0; i < traps.length; i++) handler[traps[i]] = () => { throw fail(); };
  return new L_Proxy(function () {}, handler);
};
const L_missingNamespace = (read) => {
  const handler = L_create(null);
  // `then` stays undefined, or awaiting the namespace would count as a use; the rest are uses of a name
  handler.get = (target, key) => (typeof key === "symbol" || key === "then" ? undefined : read(key));
  handler.has = () => false;
  handler.set = () => false;
  handler.defineProperty = () => false;
  return new L_Proxy(L_create(null), handler);
};

// What SWC's output of `using` imports. Disposal in reverse order, errors chained as the proposal says.
const L_swcHelpers = () => {
  const table = L_create(null);
  const put = (name, fn) => { const ns = L_create(null); ns._ = fn; ns.default = fn; table["@swc/helpers/_/" + name] = ns; };
  put("_ts_add_disposable_resource", (env, value, isAsync) => {
    if (value === null || value === undefined) {
      if (isAsync) L_defineProperty(env.stack, env.stack.length, L_data(L_data(undefined, isAsync), true));
      return value;
    }
    if (!L_isObject(value)) throw new L_TypeError("Object expected.");
    let method = isAsync && L_asyncDispose ? value[L_asyncDispose] : undefined;
    if (method === undefined || method === null) method = L_dispose ? value[L_dispose] : undefined;
    if (typeof method !== "function") throw new L_TypeError("Object not disposable.");
    const item = L_data(() => L_apply(method, value, []), isAsync);
    L_defineProperty(env.stack, env.stack.length, L_data(item, true));
    return value;
  });
  put("_ts_dispose_resources", (env) => {
    const note = (error) => {
      if (!env.hasError) env.error = error;
      else if (L_SuppressedError) env.error = new L_SuppressedError(error, env.error, "An error was suppressed during disposal.");
      else { const all = new L_Error("An error was suppressed during disposal."); all.error = error; all.suppressed = env.error; env.error = all; }
      env.hasError = true;
    };
    let left = env.stack.length, anyAsync = false;
    for (let i = 0; i < left; i++) if (env.stack[i].writable) anyAsync = true;
    const finish = () => { if (env.hasError) throw env.error; };
    if (!anyAsync) {
      while (left > 0) { left -= 1; const item = env.stack[left]; try { item.value(); } catch (error) { note(error); } }
      return finish();
    }
    return (async () => {
      while (left > 0) {
        left -= 1;
        const item = env.stack[left];
        try { const result = item.value === undefined ? undefined : item.value(); if (item.writable) await result; } catch (error) { note(error); }
      }
      finish();
    })();
  });
  return table;
};

// The state of one top-level `for await`; the builder spells the loop out around it.
const L_asyncIteration = (iterable) => {
  const state = L_create(null);
  const method = iterable[L_asyncIterator];
  const isAsync = method !== undefined && method !== null;
  const iterator = isAsync ? L_apply(method, iterable, []) : iterable[L_iterator]();
  if (!L_isObject(iterator)) throw new L_TypeError("value is not an object");
  const next = iterator.next;
  let done = false, back;
  const unwrap = async (result) => {
    if (!L_isObject(result)) throw new L_TypeError("iterator result is not an object");
    const plain = L_create(null);
    plain.done = !!result.done;
    plain.value = await result.value;
    return plain;
  };
  state.failed = false;
  state.value = undefined;
  state.next = () => { done = true; const result = L_apply(next, iterator, []); return isAsync ? result : unwrap(result); };
  state.more = (result) => {
    if (!L_isObject(result)) throw new L_TypeError("iterator result is not an object");
    if (result.done) return false;
    state.value = result.value;
    done = false;
    return true;
  };
  state.open = () => {
    if (done) return false;
    try { back = iterator.return; } catch (error) { if (state.failed) return false; throw error; }
    return back !== undefined && back !== null;
  };
  state.close = () => { const result = L_apply(back, iterator, []); return isAsync ? result : unwrap(result); };
  state.closed = (result) => { if (!L_isObject(result)) throw new L_TypeError("iterator result is not an object"); };
  return state;
};

// hostModules: null-prototype table, specifier -> () => namespace object (null prototype, own properties).
const makeLoader = (hostModules) => {
  const modules = L_create(null);   // index -> record
  const byPath = L_create(null);    // root-relative path -> record
  const builtins = L_swcHelpers();
  let sealed = false;
  let asyncOrder = 0;

  // ---- externals ---------------------------------------------------------------------------------------------
  const hostNamespace = (spec) => {
    if (hostModules[spec] !== undefined) return hostModules[spec]();
    const other = L_startsWith(spec, "node:") ? L_slice(spec, 5) : "node:" + spec;
    if (hostModules[other] !== undefined) return hostModules[other]();
    if (builtins[spec] !== undefined) return builtins[spec];
    return builtins[other];
  };
  const externals = L_create(null);
  const external = (spec, importer) => {
    const namespace = hostNamespace(spec);
    const record = L_create(null);
    record.found = namespace !== undefined;
    if (record.found) {
      record.namespace = namespace;
      record.read = (name) => (name === "default" && !L_hasOwn(namespace, "default") ? namespace : namespace[name]);
      return record;
    }
    const key = spec + "\n" + importer;
    if (externals[key] !== undefined) return externals[key];
    const values = L_create(null);
    record.read = (name) => {
      if (values[name] === undefined) {
        values[name] = L_missingValue(() => L_fail(L_Error, "E_MODULE",
          `"${name}" of "${spec}" was used, but package "${L_packageOf(spec)}" is not available to plugins here (imported by ${importer})`));
      }
      return values[name];
    };
    record.namespace = L_missingNamespace(record.read);
    externals[key] = record;
    return record;
  };

  // ---- what a module exports ----------------------------------------------------------------------------------
  const isDynamic = (m) => m.kind !== L_ESM || (m.flags & L_DYNAMIC) !== 0;
  const exported = (m) => (m.kind === L_JSON ? m.value : m.module === undefined ? undefined : m.module.exports);
  const isBabel = (value) => L_isObject(value) && value.__esModule === true;
  const readDynamic = (m, name, babel) => {
    const value = exported(m);
    if (name === "default") return babel && m.kind !== L_JSON && isBabel(value) && "default" in value ? value.default : value;
    return value === undefined || value === null ? undefined : value[name];
  };
  const resolution = (m, binding, get) => { const r = L_create(null); r.m = m; r.binding = binding; r.get = get; return r; };
  const AMBIGUOUS = resolution(null, "", null);

  const resolveIn = (importer, dep, name, seen) => {
    const target = importer.deps[dep].target;
    if (typeof target !== "number") {
      const ext = external(target, importer.path);
      return resolution(ext, name === 0 ? "" : name, name === 0 ? () => ext.namespace : () => ext.read(name));
    }
    const m = modules[target];
    const babel = (importer.flags & L_BABEL) !== 0;
    if (name === 0) return resolution(m, 0, () => namespaceOf(m, babel));
    if (isDynamic(m)) return resolution(m, name, () => readDynamic(m, name, babel));
    return resolveExport(m, name, seen);
  };
  // ResolveExport of ECMA-262: null when there is none, AMBIGUOUS when two stars disagree.
  const resolveExport = (m, name, seen) => {
    const key = m.index + ":" + name;
    if (seen[key]) return null;
    seen[key] = true;
    if (m.locals[name] !== undefined) return m.locals[name];
    if (m.indirect[name] !== undefined) return resolveIn(m, m.indirect[name].dep, m.indirect[name].name, seen);
    if (name === "default") return null;
    let found = null;
    for (let i = 0; i < m.stars.length; i++) {
      const target = m.deps[m.stars[i]].target;
      let r;
      if (typeof target !== "number") {
        const ext = external(target, m.path);
        r = ext.found && L_hasOwn(ext.namespace, name) ? resolution(ext, name, () => ext.read(name)) : null;
      } else if (isDynamic(modules[target])) {
        r = L_hasOwn(modules[target].names, name) ? resolveIn(m, m.stars[i], name, seen) : null;
      } else r = resolveExport(modules[target], name, seen);
      if (r === AMBIGUOUS) return r;
      if (r === null) continue;
      if (found === null) found = r;
      else if (found.m !== r.m || found.binding !== r.binding) return AMBIGUOUS;
    }
    return found;
  };
  const exportNames = (m, into, seen) => {
    if (seen[m.index]) return;
    seen[m.index] = true;
    const add = (table) => { const names = L_keys(table); for (let i = 0; i < names.length; i++) into[names[i]] = true; };
    add(m.locals);
    add(m.indirect);
    for (let i = 0; i < m.stars.length; i++) {
      const target = m.deps[m.stars[i]].target;
      const inner = L_create(null);
      if (typeof target !== "number") {
        const ext = external(target, m.path);
        if (ext.found) { const names = L_keys(ext.namespace); for (let k = 0; k < names.length; k++) inner[names[k]] = true; }
      } else if (isDynamic(modules[target])) {
        const names = L_keys(modules[target].names);
        for (let k = 0; k < names.length; k++) inner[names[k]] = true;
      } else exportNames(modules[target], inner, seen);
      delete inner.default;
      add(inner);
    }
  };

  // ---- namespace objects --------------------------------------------------------------------------------------
  // A proxy whose target holds writable data properties: that is what lets it answer like the exotic object of the
  // specification (value, writable, not configurable) while every read goes to the live binding.
  const makeNamespace = (getters) => {
    const names = L_keys(getters);
    L_sort(names);
    const target = L_create(null);
    for (let i = 0; i < names.length; i++) L_defineProperty(target, names[i], L_data(undefined, true));
    const tag = L_data("Module", false);
    tag.enumerable = false;
    L_defineProperty(target, L_toStringTag, tag);
    L_preventExtensions(target);
    const handler = L_create(null);
    handler.get = (_, key) => (typeof key === "symbol" ? target[key] : getters[key] === undefined ? undefined : getters[key]());
    handler.set = () => false;
    handler.defineProperty = () => false; // also for what asks for no change: the engine would call true inconsistent
    handler.getOwnPropertyDescriptor = (_, key) => {
      if (typeof key === "symbol") return key === L_toStringTag ? tag : undefined;
      return getters[key] === undefined ? undefined : L_data(getters[key](), true);
    };
    return new L_Proxy(target, handler);
  };
  const namespaceOf = (m, babel) => {
    if (!isDynamic(m)) {
      if (m.namespace !== undefined) return m.namespace;
      const names = L_create(null), getters = L_create(null);
      exportNames(m, names, L_create(null));
      const list = L_keys(names);
      for (let i = 0; i < list.length; i++) {
        const r = resolveExport(m, list[i], L_create(null));
        if (r !== null && r !== AMBIGUOUS) getters[list[i]] = r.get;
      }
      m.namespace = makeNamespace(getters);
      return m.namespace;
    }
    const slot = babel ? "babelNamespace" : "nodeNamespace";
    if (m[slot] !== undefined) return m[slot];
    const getters = L_create(null);
    const value = exported(m);
    if (m.kind !== L_JSON && L_isObject(value)) {
      const names = L_keys(value);
      for (let i = 0; i < names.length; i++) getters[names[i]] = () => readDynamic(m, names[i], babel);
    }
    getters.default = () => readDynamic(m, "default", babel);
    const made = makeNamespace(getters);
    if (m.loaded) m[slot] = made; // in a cycle the exports are not all there yet
    return made;
  };

  // ---- what module code can reach: its first parameter -----------------------------------------------------------
  const lookUp = (m, spec) => {
    const known = m.byspec[spec];
    if (known !== undefined && known.target !== null) return known.target;
    let path = null;
    if (L_isRelative(spec)) path = L_normalise(L_dirname(m.path) + "/" + spec);
    else if (L_startsWith(spec, L_URL_ROOT)) { try { path = L_normalise(L_decode(L_slice(spec, L_URL_ROOT.length))); } catch { path = null; } }
    else if (L_startsWith(spec, L_ROOT)) path = L_normalise(L_slice(spec, L_ROOT.length));
    else return hostNamespace(spec) === undefined ? null : spec;
    if (path === null) return null;
    if (byPath[path] !== undefined) return byPath[path].index;
    for (let i = 0; i < L_REWRITES.length; i++) {
      const from = L_REWRITES[i][0], stem = L_slice(path, 0, -from.length);
      if (stem + from === path && byPath[stem + L_REWRITES[i][1]] !== undefined) return byPath[stem + L_REWRITES[i][1]].index;
    }
    for (let i = 0; i < L_SUFFIXES.length; i++) {
      const candidate = path === "" ? L_slice(L_SUFFIXES[i], 1) : path + L_SUFFIXES[i];
      if (byPath[candidate] !== undefined) return byPath[candidate].index;
    }
    return null;
  };
  const notFound = (m, spec, code) =>
    L_fail(L_Error, code, `Cannot find module "${spec}" imported from ${m.path}; it is neither bundled with the plugin nor provided by the host`);

  const requireFrom = (m) => {
    const require = (specifier) => {
      const spec = `${specifier}`;
      const target = lookUp(m, spec);
      if (target === null) throw notFound(m, spec, "MODULE_NOT_FOUND");
      if (typeof target === "string") {
        const ext = external(target, m.path);
        if (!ext.found) throw notFound(m, spec, "MODULE_NOT_FOUND");
        return ext.read("default");
      }
      const wanted = modules[target];
      if (wanted.kind === L_JSON) return wanted.value;
      if (wanted.kind === L_CJS) { runCommonJs(wanted); return exported(wanted); }
      link(wanted);
      if (evaluate(wanted) !== null) {
        throw L_fail(L_Error, "ERR_REQUIRE_ASYNC_MODULE", `require() of ${wanted.path} is not possible: its graph uses top-level await`);
      }
      return (wanted.flags & L_DYNAMIC) !== 0 ? exported(wanted) : namespaceOf(wanted, false);
    };
    require.resolve = (specifier) => {
      const spec = `${specifier}`;
      const target = lookUp(m, spec);
      if (target === null) throw notFound(m, spec, "MODULE_NOT_FOUND");
      return typeof target === "string" ? target : L_ROOT + modules[target].path;
    };
    require.cache = L_create(null);
    require.main = undefined;
    return require;
  };
  const importFrom = (m) => async (specifier) => {
    const spec = `${specifier}`;
    const target = lookUp(m, spec);
    if (target === null) throw notFound(m, spec, "ERR_MODULE_NOT_FOUND");
    if (typeof target === "string") {
      const ext = external(target, m.path);
      if (!ext.found) throw notFound(m, spec, "ERR_MODULE_NOT_FOUND");
      return ext.namespace;
    }
    const wanted = modules[target];
    await undefined; // what asks goes on first, whether there is anything to load or not
    link(wanted);
    const pending = evaluate(wanted);
    if (pending !== null) await pending;
    return namespaceOf(wanted, (m.flags & L_BABEL) !== 0);
  };
  const makeMeta = (m) => {
    const meta = L_create(null);
    meta.dirname = L_ROOT + L_dirname(m.path);
    if (L_dirname(m.path) === "") meta.dirname = L_slice(L_ROOT, 0, -1);
    meta.filename = L_ROOT + m.path;
    meta.dir = meta.dirname; // Bun's names
    meta.path = meta.filename;
    meta.resolve = (specifier) => {
      const spec = `${specifier}`;
      const target = lookUp(m, spec);
      if (typeof target === "number") return modules[target].url;
      if (typeof target === "string" && hostNamespace(target) !== undefined) return target;
      const path = L_isRelative(spec) ? L_normalise(L_dirname(m.path) + "/" + spec) : null;
      if (path !== null) return L_urlOf(path);
      throw notFound(m, spec, "ERR_MODULE_NOT_FOUND");
    };
    meta.url = m.url;
    return meta;
  };
  const moduleObject = (m) => {
    if (m.module === undefined) {
      m.module = { id: L_ROOT + m.path, exports: {}, filename: L_ROOT + m.path, loaded: false, children: [], paths: [], require: m.context.require };
    }
    return m.module;
  };
  const makeContext = (m) => {
    const context = L_create(null);
    let meta;
    // called in the prologue with name, local name, getter, name, ...
    context.x = (list) => {
      for (let i = 0; i < list.length; i += 3) m.locals[list[i]] = resolution(m, list[i + 1], list[i + 2]);
    };
    // an anonymous `export default function` is called "default", whatever the builder had to name it
    context.n = (fn) => { const d = L_data("default", false); d.enumerable = false; d.configurable = true; L_defineProperty(fn, "name", d); };
    L_defineProperty(context, "meta", L_getter(() => (meta === undefined ? (meta = makeMeta(m)) : meta)));
    context.import = importFrom(m);
    context.require = requireFrom(m);
    context.file = L_ROOT + m.path;
    context.dir = L_dirname(m.path) === "" ? L_slice(L_ROOT, 0, -1) : L_ROOT + L_dirname(m.path);
    context.a = L_asyncIteration;
    L_defineProperty(context, "module", L_getter(() => moduleObject(m)));
    return L_freeze(context);
  };

  // ---- CommonJS -------------------------------------------------------------------------------------------------
  const runCommonJs = (m) => {
    if (m.kind !== L_CJS || m.module !== undefined) return; // done, or running further up in a cycle
    const module = moduleObject(m);
    try {
      const body = L_apply(m.body, undefined, [m.context]);
      L_apply(body, module.exports, [module.exports, m.context.require, module, m.context.file, m.context.dir]);
    } catch (error) {
      m.module = undefined; // like Node: the next require tries again
      throw error;
    }
    module.loaded = true;
    m.loaded = true;
  };

  // ---- linking --------------------------------------------------------------------------------------------------
  const link = (root) => {
    const found = L_list();
    const seen = L_create(null);
    L_push(found, root);
    seen[root.index] = true;
    for (let k = 0; k < found.n; k++) {
      const m = found[k];
      if (m.kind !== L_ESM || m.status !== L_UNLINKED) continue;
      if (m.run === null) {
        m.run = L_apply(m.body, undefined, [m.context, m.imports]);
        L_next(m.run); // the prologue: declares what it exports
      }
      for (let i = 0; i < m.requests.length; i++) {
        const target = m.deps[m.requests[i]].target;
        if (typeof target === "number" && !seen[target]) { seen[target] = true; L_push(found, modules[target]); }
      }
    }
    const noExport = (m, dep, name, r) => new L_SyntaxError(
      `The requested module '${m.deps[dep].spec}' ${r === null ? "does not provide an export named" : "contains conflicting star exports for name"} '${name}' (imported by ${m.path})`);
    for (let k = 0; k < found.n; k++) {
      const m = found[k];
      if (m.kind !== L_ESM || m.status !== L_UNLINKED) continue;
      const names = L_keys(m.indirect);
      for (let i = 0; i < names.length; i++) {
        const entry = m.indirect[names[i]];
        const r = resolveExport(m, names[i], L_create(null));
        if ((r === null || r === AMBIGUOUS) && (m.flags & L_LENIENT) === 0) throw noExport(m, entry.dep, entry.name, r);
      }
      for (let i = 0; i < m.wanted.length; i += 3) {
        const dep = m.wanted[i], name = m.wanted[i + 1];
        const r = resolveIn(m, dep, name, L_create(null));
        if (r === null || r === AMBIGUOUS) throw noExport(m, dep, name, r);
        if (!L_hasOwn(m.imports, m.wanted[i + 2])) L_defineProperty(m.imports, m.wanted[i + 2], L_getter(r.get));
      }
    }
    for (let k = 0; k < found.n; k++) if (found[k].status === L_UNLINKED) found[k].status = L_LINKED;
  };

  // ---- evaluation (ECMA-262, Cyclic Module Records) -----------------------------------------------------------------
  const settle = (m) => {
    if (m.top === null) return;
    if (m.failed) m.top.reject(m.error); else m.top.resolve(undefined);
  };
  const fail = (m, error) => { m.failed = true; m.error = error; m.status = L_EVALUATED; m.order = 0; };
  const execute = (m) => { L_next(m.run); m.loaded = true; if (m.module !== undefined) m.module.loaded = true; };
  const drive = async (m) => {
    let step = L_next(m.run);
    while (!step.done) {
      let value, error, threw = false;
      try { value = await step.value; } catch (caught) { error = caught; threw = true; }
      step = threw ? L_throw(m.run, error) : L_next(m.run, value);
    }
    m.loaded = true;
  };
  const executeAsync = async (m) => {
    try { await drive(m); } catch (error) { return asyncRejected(m, error); }
    asyncFulfilled(m);
  };
  const gatherAncestors = (m, into) => {
    const todo = L_list(); // not by recursion: a graph may be as deep as it has files
    L_push(todo, m);
    while (todo.n > 0) {
      todo.n -= 1;
      const from = todo[todo.n];
      for (let i = 0; i < from.asyncParents.n; i++) {
        const parent = from.asyncParents[i];
        if (L_includes(into, parent) || parent.root.failed) continue;
        parent.pending -= 1;
        if (parent.pending > 0) continue;
        L_push(into, parent);
        if ((parent.flags & L_AWAITS) === 0) L_push(todo, parent);
      }
    }
  };
  const asyncFulfilled = (m) => {
    if (m.status === L_EVALUATED) return; // failed meanwhile through another part of its graph
    m.order = 0;
    m.status = L_EVALUATED;
    settle(m);
    const ready = L_list();
    gatherAncestors(m, ready);
    for (let i = 1; i < ready.n; i++) { // insertion sort by the order in which they became asynchronous
      const item = ready[i];
      let k = i;
      for (; k > 0 && ready[k - 1].order > item.order; k--) ready[k] = ready[k - 1];
      ready[k] = item;
    }
    for (let i = 0; i < ready.n; i++) {
      const parent = ready[i];
      if (parent.status === L_EVALUATED) continue;
      if ((parent.flags & L_AWAITS) !== 0) { executeAsync(parent); continue; }
      try { execute(parent); } catch (error) { asyncRejected(parent, error); continue; }
      parent.order = 0;
      parent.status = L_EVALUATED;
      settle(parent);
    }
  };
  const asyncRejected = (m, error) => {
    const failing = L_list();
    L_push(failing, m);
    for (let k = 0; k < failing.n; k++) {
      const from = failing[k];
      if (from.status === L_EVALUATED) continue;
      fail(from, error);
      for (let i = 0; i < from.asyncParents.n; i++) L_push(failing, from.asyncParents[i]);
      settle(from);
    }
  };
  // InnerModuleEvaluation with its recursion spelled out, for the same reason.
  const evaluateGraph = (root, stack) => {
    const frames = L_list();
    let counter = 0;
    const enter = (m) => {
      if (m.kind !== L_ESM) return runCommonJs(m);
      if (m.status === L_EVALUATING_ASYNC || m.status === L_EVALUATED) { if (m.failed) throw m.error; return; }
      if (m.status === L_EVALUATING) return;
      m.status = L_EVALUATING;
      m.stack = stack;
      m.dfs = counter;
      m.ancestor = counter;
      counter += 1;
      L_push(stack, m);
      const frame = L_create(null);
      frame.m = m; frame.next = 0; frame.entered = false;
      L_push(frames, frame);
    };
    const leaveRequest = (m, requested) => {
      let wanted = requested;
      if (wanted.kind !== L_ESM) return;
      if (wanted.status === L_EVALUATING) {
        // on another stack: a require() in the middle of an evaluation; it gets what is there, as in Node
        if (wanted.stack === stack && wanted.ancestor < m.ancestor) m.ancestor = wanted.ancestor;
        if (wanted.stack !== stack) return;
      } else {
        wanted = wanted.root;
        if (wanted.failed) throw wanted.error;
      }
      if (wanted.order > 0) { m.pending += 1; L_push(wanted.asyncParents, m); }
    };
    const leave = (m) => {
      if (m.pending > 0 || (m.flags & L_AWAITS) !== 0) {
        asyncOrder += 1;
        m.order = asyncOrder;
        if (m.pending === 0) executeAsync(m);
      } else execute(m);
      if (m.ancestor !== m.dfs) return;
      for (;;) {
        stack.n -= 1;
        const top = stack[stack.n];
        top.status = top.order > 0 ? L_EVALUATING_ASYNC : L_EVALUATED;
        top.root = m;
        if (top === m) return;
      }
    };
    enter(root);
    while (frames.n > 0) {
      const frame = frames[frames.n - 1];
      if (frame.next === frame.m.requests.length) { leave(frame.m); frames.n -= 1; continue; }
      const target = frame.m.deps[frame.m.requests[frame.next]].target;
      if (typeof target !== "number") { frame.next += 1; continue; }
      if (!frame.entered) { frame.entered = true; enter(modules[target]); continue; }
      frame.entered = false;
      frame.next += 1;
      leaveRequest(frame.m, modules[target]);
    }
  };
  // null when the graph has run, a promise while part of it waits; throws when it failed synchronously.
  const evaluate = (wanted) => {
    if (wanted.kind !== L_ESM) { runCommonJs(wanted); return null; }
    let m = wanted;
    if (m.status === L_EVALUATING) return null; // require() or import() of a module that is on the stack
    if (m.status >= L_EVALUATING_ASYNC) {
      if (m.failed) throw m.error;
      m = m.root;
      if (m.status === L_EVALUATED) { if (m.failed) throw m.error; return null; }
    } else {
      const stack = L_list();
      try { evaluateGraph(m, stack); } catch (error) {
        for (let i = 0; i < stack.n; i++) { stack[i].root = stack[i]; fail(stack[i], error); }
        throw error;
      }
      if (m.order === 0) return null;
      m = m.root;
    }
    if (m.top === null) {
      m.top = L_create(null);
      m.top.promise = new L_Promise((resolve, reject) => { m.top.resolve = resolve; m.top.reject = reject; });
    }
    return m.top.promise;
  };

  // ---- the loader object ------------------------------------------------------------------------------------------
  // Called by generated code only, before anything of the plugin runs.
  //   deps      [[spec, target]...], target: module index, external specifier, or null (an optional file that is absent)
  //   requests  indices into deps, in the order of evaluation
  //   wanted    flat [dep, exported name or 0 for the namespace, local name]...
  //   indirect  flat [exported name, dep, name there or 0]...       stars  [dep...]
  //   names     names that a CommonJS file seems to export, for `export *`
  const define = (index, path, kind, flags, deps, requests, wanted, indirect, stars, names, body) => {
    if (sealed) throw new L_Error("the bundle is complete");
    const m = L_create(null);
    m.index = index; m.path = path; m.kind = kind; m.flags = flags; m.url = L_urlOf(path);
    m.deps = L_list(); m.byspec = L_create(null);
    for (let i = 0; i < deps.length; i++) {
      const dep = L_create(null);
      dep.spec = deps[i][0]; dep.target = deps[i][1];
      L_push(m.deps, dep);
      m.byspec[dep.spec] = dep;
    }
    m.requests = requests; m.wanted = wanted; m.stars = stars;
    m.indirect = L_create(null);
    for (let i = 0; i < indirect.length; i += 3) {
      const entry = L_create(null);
      entry.dep = indirect[i + 1]; entry.name = indirect[i + 2];
      m.indirect[indirect[i]] = entry;
    }
    m.names = L_create(null);
    for (let i = 0; i < names.length; i++) m.names[names[i]] = true;
    m.body = body; m.imports = L_create(null); m.locals = L_create(null);
    m.run = null; m.module = undefined; m.loaded = false; m.value = undefined;
    m.status = L_UNLINKED; m.failed = false; m.error = undefined; m.dfs = 0; m.ancestor = 0;
    m.pending = 0; m.order = 0; m.asyncParents = L_list(); m.root = null; m.top = null; m.stack = null;
    m.context = makeContext(m);
    if (kind === L_JSON) { m.value = L_parse(body); m.loaded = true; }
    modules[index] = m;
    byPath[path] = m;
  };
  // -> {ns, promise}: promise is null when everything ran; a synchronous failure is thrown.
  const run = (entry) => {
    sealed = true;
    const m = modules[entry];
    link(m);
    const result = L_create(null);
    result.promise = evaluate(m);
    result.ns = namespaceOf(m, true);
    return result;
  };
  // `from`: a root-relative path, a /plugin/ path, or a file:///plugin/ URL (also a URL object)
  const createRequire = (from) => {
    const text = `${from}`;
    let path = text;
    if (L_startsWith(text, L_URL_ROOT)) path = L_decode(L_slice(text, L_URL_ROOT.length));
    else if (L_startsWith(text, L_ROOT)) path = L_slice(text, L_ROOT.length);
    const normal = L_normalise(path);
    if (normal === null) throw new L_TypeError(`createRequire: "${text}" is outside the plugin`);
    if (byPath[normal] !== undefined) return byPath[normal].context.require;
    const stand = L_create(null); // a file name that need not exist, as in Node
    stand.path = normal; stand.flags = 0; stand.byspec = L_create(null);
    return requireFrom(stand);
  };
  const nodeModule = L_create(null);
  nodeModule.createRequire = createRequire;
  nodeModule.isBuiltin = (name) => hostNamespace(`${name}`) !== undefined && (L_startsWith(`${name}`, "node:") || hostNamespace("node:" + name) !== undefined);
  builtins["node:module"] = nodeModule;

  const loader = L_create(null);
  loader.define = define;
  loader.run = run;
  loader.createRequire = createRequire;
  loader.require = (from, spec) => createRequire(from)(spec);
  return L_freeze(loader);
};
