// console and loggers: text to the host's log, through the "log" cast.
//
// Bound       A line is cut at limits.logBytes here; how many lines a plugin may write is the host's to count.

/** Write one log line for *call* (null: the instance). *args* as given to console.log. */
function log(call, level, args) {
  writeLog(call, level, safeFormat(args));
}

function safeFormat(args) {
  try {
    return formatArguments(args);
  } catch {
    return "[a log call whose arguments could not be read]";
  }
}

function writeLog(call, level, text) {
  cast(call, "log", { __proto__: null, level, text: cutText(text, limits.logBytes) });
}

/** {debug, info, warn, error}, frozen, logging for *call* (null: the instance). */
function makeLogger(call) {
  const logger = {};
  publish(logger, "debug", (...args) => log(call, "debug", args));
  publish(logger, "info", (...args) => log(call, "info", args));
  publish(logger, "warn", (...args) => log(call, "warn", args));
  publish(logger, "error", (...args) => log(call, "error", args));
  return freeze(logger);
}

const consoleState = { __proto__: null, indent: "", counts: new MapCtor(), starts: new MapCtor() };

function consoleLine(level, args) {
  writeLog(null, level, indented(safeFormat(args)));
}

/** *text* with every line where the groups have moved it. */
function indented(text) {
  const { indent } = consoleState;
  if (indent === "") return text;
  const lines = newList();
  let from = 0;
  for (let at = stringIndexOf(text, "\n", 0); at >= 0; at = stringIndexOf(text, "\n", from)) {
    lines[lines.length] = stringSlice(text, from, at);
    from = at + 1;
  }
  lines[lines.length] = stringSlice(text, from);
  return `${indent}${arrayJoin(lines, `\n${indent}`)}`;
}

/** console.table's text; a value without rows, or one that cannot be read, is shown as it is. */
function tableText(value, columns) {
  if (typeof value !== "object" || value === null) return value;
  try {
    return lazy("web/table").table(value, columns);
  } catch {
    return value;
  }
}

function consoleLabel(value) {
  return value === undefined ? "default" : typeof value === "string" ? cutChars(value, 200) : inspect(value);
}

function defineConsole() {
  const target = {};
  const method = (name, fn) => {
    defineProperty(fn, "name", { __proto__: null, value: name });
    defineProperty(target, name, { __proto__: null, value: fn, writable: true, enumerable: true, configurable: true });
  };
  method("log", (...args) => consoleLine("info", args));
  method("info", (...args) => consoleLine("info", args));
  method("warn", (...args) => consoleLine("warn", args));
  method("error", (...args) => consoleLine("error", args));
  method("debug", (...args) => consoleLine("debug", args));
  method("dir", (value) => consoleLine("info", [typeof value === "string" ? quoted(value) : value]));
  method("dirxml", (...args) => consoleLine("info", args));
  method("table", (value, columns) => consoleLine("info", [tableText(value, columns)]));
  method("trace", (...args) => {
    const stack = errorStackOf(new ErrorCtor(""));
    consoleLine("debug", [`${safeFormat(args)}\n${stack}`]);
  });
  method("assert", (ok, ...args) => {
    if (!ok) consoleLine("error", [args.length === 0 ? "Assertion failed" : `Assertion failed: ${safeFormat(args)}`]);
  });
  method("group", (...args) => {
    if (args.length > 0) consoleLine("info", args);
    if (consoleState.indent.length < 40) consoleState.indent = `${consoleState.indent}  `;
  });
  method("groupCollapsed", (...args) => {
    if (args.length > 0) consoleLine("info", args);
    if (consoleState.indent.length < 40) consoleState.indent = `${consoleState.indent}  `;
  });
  method("groupEnd", () => {
    consoleState.indent = stringSlice(consoleState.indent, 2);
  });
  method("count", (name) => {
    const label = consoleLabel(name);
    const count = (mapGet(consoleState.counts, label) || 0) + 1;
    if (mapSize(consoleState.counts) < 1000 || count > 1) mapSet(consoleState.counts, label, count);
    consoleLine("info", [`${label}: ${count}`]);
  });
  method("countReset", (name) => {
    mapDelete(consoleState.counts, consoleLabel(name));
  });
  method("time", (name) => {
    if (mapSize(consoleState.starts) < 1000) mapSet(consoleState.starts, consoleLabel(name), performanceNow());
  });
  const elapsed = (name) => {
    const label = consoleLabel(name);
    const start = mapGet(consoleState.starts, label);
    if (start !== undefined) consoleLine("info", [`${label}: ${mathCeil((performanceNow() - start) * 1000) / 1000}ms`]);
  };
  method("timeLog", elapsed);
  method("timeEnd", (name) => {
    elapsed(name);
    mapDelete(consoleState.starts, consoleLabel(name));
  });
  defineGlobal("console", target);
}
defineConsole();
