// What the plugin has registered, and its announcement to the host.
//
// Promises    LOAD reports the whole registry; later changes are cast once per entry, and only when the text
//             changed. Definitions are read once, when they are registered.
// Bound       limits.maxRegistrations of all kinds together; names and descriptions have lengths.
// Raises      to the author: TypeError for a definition that is not one, E_QUOTA above the bound.

const tools = new MapCtor(); // name -> {info (plain data), run, kind, self, prepare}
const commands = new MapCtor(); // name -> {info, run, self}
const flags = new MapCtor(); // name -> {info, fallback}
const shortcuts = new MapCtor(); // key -> {info}
const providers = new MapCtor(); // name -> plain data
const renderers = new MapCtor(); // customType -> {info}

const tierNames = freeze({ __proto__: null, read: true, write: true, exec: true });
const plainName = /^[A-Za-z0-9_.-]+$/;
const commandName = /^[A-Za-z0-9_.:-]+$/;
let lastRegistry = "";

const markRegistry = coalesced(() => {
  if (!instance.loaded) return; // LOAD's own result carries it
  const text = jsonStringify(registryData());
  if (text === lastRegistry) return;
  if (exceedsBytes(text, limits.payloadOut)) {
    writeLog(null, "error", `the registrations of this plugin are larger than ${limits.payloadOut} bytes; the last change is not announced`);
    return;
  }
  lastRegistry = text;
  __py.send(SEND_CAST, 0, 0, "registry", text);
});

function registrationCount() {
  return mapSize(tools) + mapSize(commands) + mapSize(flags) + mapSize(shortcuts)
    + mapSize(providers) + mapSize(renderers) + handlerCount;
}

/** Refuse one registration more than the limit. */
function checkQuota() {
  if (registrationCount() >= limits.maxRegistrations) {
    throw makeError("E_QUOTA", `more than ${limits.maxRegistrations} registrations`);
  }
}

/**
 * A field of a definition: its own, or of its class; never what somebody put on Object.prototype.
 * Reads through a Proxy or getter happen once.
 */
function fieldOf(definition, key) {
  let holder = definition;
  for (let hops = 0; hops < 16 && holder !== null && holder !== ObjectProto; hops++) {
    if (hasOwn(holder, key)) return definition[key];
    holder = getPrototypeOf(holder);
  }
  return undefined;
}

function checkDefinition(what, definition) {
  if (typeof definition !== "object" || definition === null || arrayIsArray(definition)) {
    throw new TypeErrorCtor(`${what} needs an object, not ${kindOf(definition)}`);
  }
}

function checkName(what, name, pattern) {
  if (typeof name !== "string" || name.length > MAX_NAME_CHARS || regexExec(pattern, name) === null) {
    throw new TypeErrorCtor(`${what}: a name is 1 to ${MAX_NAME_CHARS} characters out of A-Z a-z 0-9 _ . -`);
  }
  return name;
}

function checkText(what, value, limit) {
  if (typeof value !== "string") throw new TypeErrorCtor(`${what} must be a string, not ${kindOf(value)}`);
  if (value.length > limit) throw new TypeErrorCtor(`${what} is longer than ${limit} characters`);
  return value;
}

function checkFunction(what, value) {
  if (value !== undefined && value !== null && typeof value !== "function") {
    throw new TypeErrorCtor(`${what} must be a function, not ${kindOf(value)}`);
  }
  return typeof value === "function" ? value : null;
}

function putRegistration(map, key, entry) {
  if (!mapHas(map, key)) checkQuota();
  else mapDelete(map, key); // the same name again: the last one wins, and stands last
  mapSet(map, key, entry);
  markRegistry();
}

function registerCommand(first, second) {
  const definition = typeof first === "string" ? second : first;
  checkDefinition("registerCommand", definition);
  const name = checkName("registerCommand", typeof first === "string" ? first : fieldOf(definition, "name"), commandName);
  const described = fieldOf(definition, "description");
  const description = described === undefined ? "" : checkText(`command "${name}": description`, described, MAX_DESCRIPTION_CHARS);
  const run = checkFunction(`command "${name}": handler`, fieldOf(definition, "handler"));
  if (run === null) throw new TypeErrorCtor(`command "${name}" needs a handler`);
  const complete = checkFunction(`command "${name}": getArgumentCompletions`, fieldOf(definition, "getArgumentCompletions"));
  const info = { __proto__: null, name, description };
  if (complete !== null) info.completes = true;
  putRegistration(commands, name, { __proto__: null, info, run, complete, self: definition });
}

function registerFlag(name, options) {
  checkName("registerFlag", name, plainName);
  const definition = options === undefined ? {} : options;
  checkDefinition("registerFlag", definition);
  const type = fieldOf(definition, "type") === undefined ? "boolean" : fieldOf(definition, "type");
  if (type !== "boolean" && type !== "string") throw new TypeErrorCtor(`flag "${name}": type is "boolean" or "string"`);
  const info = { __proto__: null, name, type };
  const fallback = fieldOf(definition, "default");
  if (fallback !== undefined) {
    if (typeof fallback !== type) throw new TypeErrorCtor(`flag "${name}": default must be a ${type}`);
    info.default = fallback;
  }
  const description = fieldOf(definition, "description");
  if (description !== undefined) info.description = checkText(`flag "${name}": description`, description, MAX_DESCRIPTION_CHARS);
  putRegistration(flags, name, { __proto__: null, info, fallback });
}

/** The value of a flag this plugin registered: as given by the user, else its default, else undefined. */
function getFlag(name) {
  const flag = typeof name === "string" ? mapGet(flags, name) : undefined;
  if (flag === undefined) return undefined;
  const given = instance.flags[name];
  return typeof given === flag.info.type ? given : flag.fallback;
}

function registerShortcut(key, options) {
  checkText("registerShortcut: key", key, MAX_NAME_CHARS);
  const definition = options === undefined ? {} : options;
  checkDefinition("registerShortcut", definition);
  const described = fieldOf(definition, "description");
  const run = checkFunction(`shortcut "${key}": handler`, fieldOf(definition, "handler"));
  const info = {
    __proto__: null, key: stringToLowerCase(key),
    description: described === undefined ? "" : checkText(`shortcut "${key}": description`, described, MAX_DESCRIPTION_CHARS),
  };
  putRegistration(shortcuts, info.key, { __proto__: null, info, run });
}

function registerMessageRenderer(customType, renderer) {
  checkText("registerMessageRenderer: type", customType, 200);
  if (checkFunction("registerMessageRenderer: renderer", renderer) === null) {
    throw new TypeErrorCtor("registerMessageRenderer needs a function");
  }
  if (mapHas(renderers, customType)) return; // the first one wins
  putRegistration(renderers, customType, { __proto__: null, run: renderer });
}

/** Record a provider's plain data; its functions stay here and are not listed. */
function registerProvider(first, second) {
  const definition = typeof first === "string" ? second : first;
  checkDefinition("registerProvider", definition);
  const name = checkName("registerProvider", typeof first === "string" ? first : fieldOf(definition, "name"), commandName);
  const data = copyJson(definition);
  data.name = name;
  putRegistration(providers, name, { __proto__: null, info: data });
}

function infosOf(map) {
  const out = newList();
  mapForEach(map, (entry) => {
    out[out.length] = entry.info;
  });
  return out;
}

/** The registry as plain data, in the shape that LOAD's result and the "registry" cast carry. */
function registryData() {
  const rendererNames = newList();
  mapForEach(renderers, (_entry, customType) => {
    rendererNames[rendererNames.length] = customType;
  });
  return {
    __proto__: null,
    events: subscribedNumbers(),
    pi_events: subscribedPiNames(),
    imports_pi: importsPi,
    tools: infosOf(tools),
    commands: infosOf(commands),
    flags: infosOf(flags),
    shortcuts: infosOf(shortcuts),
    providers: infosOf(providers),
    renderers: rendererNames,
  };
}
