// pi, alias jcode: the object that a plugin registers through.
//
// Promises    Frozen, built once at LOAD, when the instance is known. Work started through it belongs to the
//             instance, not to a call. What is not implemented is absent, so that ``typeof pi.exec`` tells.

const parsers = makeParsers();

/** pi.parse: text to data. A text that is none throws what its parser throws. */
function makeParsers() {
  const parse = {};
  publish(parse, "json", (text) => jsonParse(`${text}`));
  publish(parse, "yaml", (text) => lazy("vendor/yaml").parse(`${text}`));
  publish(parse, "toml", (text) => lazy("vendor/toml").parse(`${text}`));
  return freeze(parse);
}

internals.shortcuts = shortcuts; // key as registered -> {info, run}
internals.api = null; // pi itself, once there is one

function makeApi() {
  const api = {};
  const value = (name, data) => defineProperty(api, name, { __proto__: null, value: data, enumerable: true });
  value("id", instance.id);
  value("name", instance.name);
  value("version", instance.version);
  value("kind", instance.kind);
  value("part", instance.part);
  value("cwd", instance.cwd);
  value("dataDir", instance.dataDir);
  value("settings", deepFreeze(getSettings()));
  value("logger", makeLogger(null));
  value("parse", parsers);
  value("kv", makeKv(null));
  value("env", makeEnv());
  const part = (name, load) => defineProperty(api, name, { __proto__: null, get: freeze(load), enumerable: true });
  part("session", () => lazy("pi/host").session);
  part("events", () => lazy("pi/events").events);
  part("fs", () => lazy("pi/fs").fs);
  part("http", () => lazy("pi/http").http);
  part("ui", () => lazy("pi/ui").ui);
  part("tui", () => lazy("pi/ui_tui").tui);

  publish(api, "on", (name, handler) => {
    subscribe(name, handler, false);
    return freeze(() => unsubscribe(name, handler));
  });
  publish(api, "once", (name, handler) => {
    subscribe(name, handler, true);
    return freeze(() => unsubscribe(name, handler));
  });
  publish(api, "off", (name, handler) => unsubscribe(name, handler));

  publish(api, "registerTool", (definition) => registerTool(definition));
  publish(api, "unregisterTool", (name) => unregisterTool(name));
  publish(api, "getTools", () => getTools());
  publish(api, "getAllTools", () => lazy("pi/host").getAllTools());
  publish(api, "callTool", (name, params, options) => lazy("pi/host").makeCallTool(null)(name, params, options));
  publish(api, "sendMessage", (message, options) => lazy("pi/host").sendMessage(message, options));
  publish(api, "sendUserMessage", (content, options) => lazy("pi/host").sendUserMessage(content, options));
  publish(api, "registerCommand", (name, definition) => registerCommand(name, definition));
  publish(api, "registerFlag", (name, options) => registerFlag(name, options));
  publish(api, "getFlag", (name) => getFlag(name));
  publish(api, "registerShortcut", (key, options) => registerShortcut(key, options));
  publish(api, "registerMessageRenderer", (type, renderer) => registerMessageRenderer(type, renderer));
  publish(api, "getCommands", () => hostcallSync(null, "command.list", { __proto__: null }).commands);
  publish(api, "appendEntry", (type, data) => lazy("pi/session").appendEntry(type, data));
  publish(api, "setLabel", (id, label) => lazy("pi/session").setLabel(id, label));
  publish(api, "setSessionName", (name) => lazy("pi/session").setName(name));
  publish(api, "getSessionName", () => lazy("pi/session").getName());
  publish(api, "registerProvider", (name, definition) => registerProvider(name, definition));

  publish(api, "getConfig", (key, fallback) => getConfig(key, fallback));
  publish(api, "getSettings", () => getSettings());
  publish(api, "exec", execProgram(null));
  publish(api, "execSync", execProgramSync(null));
  publish(api, "sleep", (ms) => sleep(null, ms));
  publish(api, "uuid", () => uuid());
  internals.api = api;
  return freeze(api);
}

defineLazyGlobal("__jcode_tui_pi", "pi/ui_tui"); // the name under which some plugins look for pi.tui
