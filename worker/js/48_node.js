// Node's modules and globals. Each is evaluated when a plugin first asks for it: worker/js/lazy/node.
//
// Promises    What needs the system goes through hostcalls. What a worker can never have (threads, sockets, other
//             contexts) can be imported and fails when it is used, with a message that says so.

internals.machine = __py.machine;
internals.heapKiB = () => __py.heap();
internals.log = (level, text) => writeLog(null, level, text);

const NODE_MODULES = [
  "assert", "assert/strict", "async_hooks", "buffer", "child_process", "console", "constants", "crypto", "diagnostics_channel", "events", "http", "https",
  "net", "os", "path", "path/posix", "path/win32", "perf_hooks", "process", "querystring", "readline", "readline/promises",
  "stream", "stream/consumers", "stream/promises", "stream/web", "string_decoder", "timers", "timers/promises", "tty", "url",
  "util", "util/types", "zlib",
];
for (let i = 0; i < NODE_MODULES.length; i++) defineLazyModule(`node:${NODE_MODULES[i]}`, `node/${NODE_MODULES[i]}`);
defineLazyModule("node:sys", "node/util");
defineLazyModule("undici", "node/undici");

const ProxyCtor = Proxy;

const NEVER = {
  __proto__: null,
  cluster: "a plugin is one process",
  dgram: "a plugin has no sockets; fetch and pi.http are its network",
  dns: "names are resolved by the host, for fetch and pi.http",
  "dns/promises": "names are resolved by the host, for fetch and pi.http",
  http2: "a plugin has no sockets; fetch and pi.http are its network",
  inspector: "a plugin cannot be debugged from inside",
  repl: "there is no terminal",
  tls: "a plugin has no sockets; fetch and pi.http are its network",
  v8: "the engine is QuickJS",
  vm: "there are no other contexts",
  wasi: "the engine has no WebAssembly",
  worker_threads: "a plugin is one thread",
};

/** An export of a module that is not there: like a function, until it is called or made. *fail* gives the error. */
function refusedValue(name, fail) {
  const refuse = () => {
    throw fail(name);
  };
  return new ProxyCtor(function () {}, {
    __proto__: null,
    apply: refuse,
    construct: refuse,
    get: (target, key) => (key === "prototype" ? target.prototype : typeof key === "symbol" ? undefined : refusedValue(`${name}.${key}`, fail)),
    set: refuse,
  });
}

internals.refusedValue = refusedValue;

/** Make *specifier* importable, as an object that has every name; each is refused when it is used. */
function defineRefused(specifier, fail) {
  const known = { __proto__: null };
  const namespace = new ProxyCtor({ __proto__: null }, {
    __proto__: null,
    // "then" stays undefined, or awaiting the namespace would be a use
    get: (target, key) => {
      if (typeof key === "symbol" || key === "then" || key === "__esModule") return undefined;
      if (key === "isMainThread" || key === "isPrimary" || key === "isMaster") return true;
      if (known[key] === undefined) known[key] = refusedValue(key, fail);
      return known[key];
    },
    set: () => false,
    defineProperty: () => false,
  });
  hostModules[specifier] = () => namespace;
}

{
  const names = objectKeys(NEVER);
  for (let i = 0; i < names.length; i++) {
    const specifier = `node:${names[i]}`;
    defineRefused(specifier, (name) => makeError("E_NEVER", `${specifier}: ${name} is never available to plugins: ${NEVER[names[i]]}`));
  }
  // Under Node these are always there, so programs ask for them before they need them.
  const others = ["domain", "punycode", "trace_events"];
  for (let i = 0; i < others.length; i++) {
    const specifier = `node:${others[i]}`;
    defineRefused(specifier, (name) => makeError("E_MODULE", `${specifier}: ${name} is not available to plugins here`));
  }
}

defineGlobal("global", globalObject);
defineLazyGlobal("Buffer", "node/buffer");
defineLazyGlobal("process", "node/process_global");
