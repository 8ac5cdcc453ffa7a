// Who this plugin instance is: what LOAD said, as plain data.

const instance = {
  __proto__: null,
  id: "", name: "", version: "", kind: "", part: "", scope: "", cwd: "", dataDir: "", sessionId: null, apiVersion: "",
  settings: null, config: null, flags: null, toolFiles: null, loaded: false,
  ui: undefined, // the state of the user interface, null when there is none, undefined when this host knows of none
};

const nothing = freeze({ __proto__: null });

/** Take the LOAD header (parsed JSON from the host; its own fields only). */
function setInstance(header) {
  const text = (key) => (hasOwn(header, key) && typeof header[key] === "string" ? header[key] : "");
  const fields = (key) => {
    const value = hasOwn(header, key) ? header[key] : null;
    // Taken off Object.prototype, so that a name like "constructor" is simply unset.
    return typeof value === "object" && value !== null ? setPrototypeOf(value, null) : nothing;
  };
  instance.id = text("id");
  instance.name = text("name");
  instance.version = text("version");
  instance.kind = text("kind");
  instance.part = text("part");
  instance.scope = text("scope");
  instance.cwd = text("cwd");
  instance.dataDir = text("data_dir");
  instance.apiVersion = text("api_version");
  instance.sessionId = text("session_id") || null;
  instance.settings = fields("settings");
  instance.config = fields("config");
  instance.flags = fields("flags");
  instance.toolFiles = hasOwn(header, "tool_files") ? header.tool_files : null;
  if (hasOwn(header, "ui")) instance.ui = header.ui;
}

/** Whether somebody looks at a user interface now. */
function hasInterface() {
  return typeof instance.ui === "object" && instance.ui !== null;
}

/** The configured value of *key*; *fallback* when unset, "" when there is no fallback either. */
function getConfig(key, fallback) {
  if (typeof key !== "string") throw new TypeErrorCtor("getConfig needs the name of a setting");
  const value = instance.config[key];
  if (value !== undefined) return thaw(copyJson(value));
  return fallback === undefined ? "" : fallback;
}

/** A fresh copy of the plugin's settings. */
function getSettings() {
  return thaw(copyJson(instance.settings));
}

function deepFreeze(value) {
  if (typeof value !== "object" || value === null) return value;
  const keys = objectKeys(value);
  for (let i = 0; i < keys.length; i++) deepFreeze(value[keys[i]]);
  return freeze(value);
}
