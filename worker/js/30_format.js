// console.log's text: format directives and a look at any value.
//
// Promises    Bounded in depth, width and length. Getters are shown as [Getter], not run; no toString, toJSON or
//             inspect method of a plugin is called. A Proxy's traps can run, inside a try.

const FORMAT_DEPTH = 4;
const FORMAT_ITEMS = 100;
const FORMAT_CHARS = 65536; // working bound; the log line itself is cut at limits.logBytes

const identifier = /^[A-Za-z_$][\w$]*$/;

/** The text of one console call: %s %d %i %f %j %o %O %c %% in a leading string, the rest joined by spaces. */
function formatArguments(args) {
  const parts = newList();
  let next = 0;
  if (args.length > 0 && typeof args[0] === "string") {
    next = 1;
    const template = args[0];
    if (args.length === 1) return template;
    let from = 0;
    let at = stringIndexOf(template, "%", 0);
    let text = "";
    while (at >= 0 && at + 1 < template.length) {
      const letter = template[at + 1];
      let shown = null;
      if (letter === "%") shown = "%";
      else if (next < args.length) {
        shown = formatDirective(letter, args[next]);
        if (shown !== null) next += 1;
      }
      if (shown !== null) {
        text = `${text}${stringSlice(template, from, at)}${shown}`;
        from = at + 2;
      }
      at = stringIndexOf(template, "%", at + 2);
    }
    parts[0] = `${text}${stringSlice(template, from)}`;
  }
  for (; next < args.length; next++) {
    const value = args[next];
    parts[parts.length] = typeof value === "string" ? value : inspect(value);
  }
  return arrayJoin(parts, " ");
}

function formatDirective(letter, value) {
  switch (letter) {
    case "s":
      return typeof value === "string" ? value : inspect(value);
    case "d":
      if (typeof value === "bigint") return `${value}n`;
      return inspect(typeof value === "number" ? value : typeof value === "string" ? +value : NaN);
    case "i":
      if (typeof value === "bigint") return `${value}n`;
      return inspect(typeof value === "number" || typeof value === "string" ? parseInteger(value, 10) : NaN);
    case "f":
      return inspect(typeof value === "number" || typeof value === "string" ? parseDecimal(value) : NaN);
    case "j":
      try {
        return toStringPrimitive(jsonText(value));
      } catch {
        return "[not JSON]";
      }
    case "o":
    case "O":
      return inspect(value);
    case "c":
      return ""; // a browser's style: nothing to style here
    default:
      return null;
  }
}

/** Show *value*, at most FORMAT_CHARS long. */
function inspect(value) {
  const budget = { __proto__: null, chars: FORMAT_CHARS, seen: newList() };
  return inspectNode(value, 0, budget);
}

function inspectNode(value, depth, budget) {
  let text;
  switch (typeof value) {
    case "string":
      text = depth === 0 ? value : quoted(cutChars(value, 10000));
      break;
    case "bigint":
      text = `${value}n`;
      break;
    case "symbol":
      text = symbolDescription(value);
      break;
    case "function":
    case "object":
      try {
        text = value === null ? "null" : inspectObject(value, depth, budget);
      } catch {
        text = "[unreadable]";
      }
      break;
    default:
      text = isMinusZero(value) ? "-0" : toStringPrimitive(value);
  }
  budget.chars -= text.length;
  return text;
}

function isMinusZero(value) {
  return value === 0 && 1 / value < 0;
}

/** A text as it could stand in a program: in single quotes, or in the first others that it does not contain. */
function quoted(text) {
  const json = jsonStringify(text);
  const has = (sign) => stringIndexOf(text, sign, 0) >= 0;
  if (has("'") && !has('"')) return json;
  const sign = !has("'") ? "'" : has("`") || has("${") ? '"' : "`";
  if (sign === '"') return json;
  let out = sign;
  let from = 1;
  for (let at = stringIndexOf(json, "\\", 1); at >= 0; at = stringIndexOf(json, "\\", at + 2)) {
    if (json[at + 1] !== '"') continue; // any other escape stays
    out = `${out}${stringSlice(json, from, at)}`;
    from = at + 1;
  }
  return `${out}${stringSlice(json, from, -1)}${sign}`;
}

function inspectObject(value, depth, budget) {
  for (let i = 0; i < budget.seen.length; i++) if (budget.seen[i] === value) return "[Circular]";
  const parts = newList();
  const look = newLook();
  const isArray = arrayIsArray(value);
  if (typeof value === "function") look.text = functionText(value);
  else if (isArray) setArrayLook(value, look);
  else lookInto(value, look);
  if (look.text !== "" && look.isWhole) return look.text;
  if (look.text === "" && (depth >= FORMAT_DEPTH || budget.chars <= 0)) return isArray ? "[Array]" : `[${look.label || "Object"}]`;
  budget.seen[budget.seen.length] = value;
  if (depth < FORMAT_DEPTH && budget.chars > 0) {
    if (look.pairs !== null) inspectPairs(look.pairs, depth, budget, parts);
    if (look.items >= 0) inspectItems(value, look.items, depth, budget, parts);
    if (look.more > 0) parts[parts.length] = `... ${look.more} more ${look.more === 1 ? "item" : "items"}`;
    if (look.items < 0 || look.items <= FORMAT_ITEMS) inspectFields(value, look, depth, budget, parts);
  }
  budget.seen.length -= 1;
  const open = look.items >= 0 ? "[" : "{";
  const close = look.items >= 0 ? "]" : "}";
  if (look.text !== "") return parts.length === 0 ? look.text : `${look.text} { ${arrayJoin(parts, ", ")} }`;
  const label = look.label === "" ? "" : `${look.label} `;
  return parts.length === 0 ? `${label}${open}${close}` : `${label}${open} ${arrayJoin(parts, ", ")} ${close}`;
}

/** How an object is shown: as *text*, alone (*isWhole*) or before its fields; else label, items or pairs, then fields. */
function newLook() {
  return { __proto__: null, text: "", isWhole: false, label: "", items: -1, pairs: null, more: 0, skip: 0 };
}

function setArrayLook(value, look) {
  look.items = value.length;
  look.skip = value.length;
  const label = classLabel(value);
  if (label !== "Array" && label !== "") look.label = `${label}(${value.length})`;
}

/** Inspect *length* items of an array or a typed array; holes that follow each other are one. */
function inspectItems(value, length, depth, budget, parts) {
  let i = 0;
  while (i < length) {
    if (parts.length >= FORMAT_ITEMS || budget.chars <= 0 || i > 100000) {
      const more = length - i;
      parts[parts.length] = `... ${more} more ${more === 1 ? "item" : "items"}`;
      return;
    }
    let holes = 0;
    while (i + holes < length && holes < 100000 && getDescriptor(value, i + holes) === undefined) holes += 1;
    if (holes > 0) parts[parts.length] = `<${holes} empty ${holes === 1 ? "item" : "items"}>`;
    else parts[parts.length] = inspectProperty(value, toStringPrimitive(i), depth, budget);
    i += holes || 1;
  }
}

/** Inspect what a Map (key and value) or a Set (key alone) holds. */
function inspectPairs(pairs, depth, budget, parts) {
  for (let i = 0; i < pairs.length; i++) {
    const key = inspectNode(pairs[i].key, depth + 1, budget);
    parts[parts.length] = pairs[i].isPair ? `${key} => ${inspectNode(pairs[i].value, depth + 1, budget)}` : key;
  }
}

/** Inspect own enumerable properties, those that are items left out, then symbols. */
function inspectFields(value, look, depth, budget, parts) {
  const keys = objectKeys(value);
  const symbols = ownSymbols(value);
  const first = parts.length;
  for (let i = 0; i < keys.length + symbols.length; i++) {
    const key = i < keys.length ? keys[i] : symbols[i - keys.length];
    if (look.skip > 0 && typeof key === "string" && +key < look.skip) continue;
    if (parts.length - first >= FORMAT_ITEMS || budget.chars <= 0) {
      parts[parts.length] = `... ${keys.length + symbols.length - i} more`;
      return;
    }
    const found = getDescriptor(value, key);
    if (typeof key === "symbol" && !(found !== undefined && hasOwn(found, "enumerable") && found.enumerable)) continue;
    const shown = typeof key === "symbol" ? `[${symbolDescription(key)}]` : regexExec(identifier, key) === null ? quoted(key) : key;
    budget.chars -= shown.length;
    parts[parts.length] = `${shown}: ${inspectProperty(value, key, depth, budget)}`;
  }
}

function inspectProperty(holder, key, depth, budget) {
  const found = getDescriptor(holder, key);
  if (found === undefined) return "<empty>";
  if (hasOwn(found, "value")) return inspectNode(found.value, depth + 1, budget);
  if (!hasOwn(found, "get") || found.get === undefined) return "[Setter]";
  return found.set === undefined ? "[Getter]" : "[Getter/Setter]";
}

/** Find out how to show an object that is no array: by what it is, not by what it says it is. */
function lookInto(value, look) {
  const proto = getPrototypeOf(value);
  if (proto === ObjectProto) return;
  if (proto === null) {
    look.label = "[Object: null prototype]";
    return;
  }
  look.label = classLabel(value);
  if (isErrorLike(proto)) setWhole(look, errorText(value));
  else if (proto === PromiseProto) setWhole(look, "[Promise]");
  else if (typeof answerOf(dateGetTime, value) === "number") {
    const time = dateGetTime(value);
    look.text = numberIsFinite(time) ? dateToISOString(value) : "Invalid Date";
  } else if (typeof answerOf(regexSource, value) === "string") look.text = regexText(value);
  else if (typeof answerOf(mapSize, value) === "number") setPairs(look, value, mapSize(value), mapForEach, true);
  else if (typeof answerOf(setSize, value) === "number") setPairs(look, value, setSize(value), setForEach, false);
  else if (typeof answerOf(typedArrayName, value) === "string") {
    look.items = typedArrayLength(value);
    look.skip = look.items;
    look.label = `${typedArrayName(value)}(${look.items})`;
  } else setBoxedLook(value, look);
}

function setWhole(look, text) {
  look.text = text;
  look.isWhole = true;
}

function setBoxedLook(value, look) {
  const number = answerOf(numberValueOf, value);
  const string = answerOf(stringValueOf, value);
  const truth = answerOf(booleanValueOf, value);
  if (number !== undefined) look.text = `[Number: ${inspect(number)}]`;
  else if (truth !== undefined) look.text = `[Boolean: ${truth}]`;
  else if (string !== undefined) {
    look.text = `[String: ${quoted(cutChars(string, 10000))}]`;
    look.skip = string.length;
  }
}

/** What *method*, which only takes objects of its own kind, says of *value*; undefined for others. */
function answerOf(method, value) {
  try {
    return method(value);
  } catch {
    return undefined;
  }
}

/** Take the first entries out before anything is shown: showing may run a Proxy's traps. */
function setPairs(look, value, size, forEach, isPair) {
  const pairs = newList();
  forEach(value, (item, key) => {
    if (pairs.length < FORMAT_ITEMS) pairs[pairs.length] = { __proto__: null, key, value: item, isPair };
  });
  look.pairs = pairs;
  look.more = size - pairs.length;
  look.label = `${look.label}(${size})`;
}

const regexFlags = [
  ["d", "hasIndices"], ["g", "global"], ["i", "ignoreCase"], ["m", "multiline"], ["s", "dotAll"], ["u", "unicode"],
  ["v", "unicodeSets"], ["y", "sticky"],
].map(([letter, name]) => ({ __proto__: null, letter, isSet: uncurry(getDescriptor(RegExp.prototype, name).get) }));
setPrototypeOf(regexFlags, null);

function regexText(value) {
  let flags = "";
  for (let i = 0; i < regexFlags.length; i++) if (regexFlags[i].isSet(value)) flags += regexFlags[i].letter;
  return `/${regexSource(value)}/${flags}`;
}

function errorText(value) {
  const error = describeError(value);
  const head = error.message === "" ? error.name : `${error.name}: ${error.message}`;
  return error.stack === "" ? head : `${head}\n${error.stack}`;
}

const functionKinds = [
  { __proto__: null, proto: getPrototypeOf(async () => {}), name: "AsyncFunction" },
  { __proto__: null, proto: getPrototypeOf(function* () {}), name: "GeneratorFunction" },
  { __proto__: null, proto: getPrototypeOf(async function* () {}), name: "AsyncGeneratorFunction" },
];
setPrototypeOf(functionKinds, null);

function functionText(fn) {
  const name = dataString(fn, "name", 100);
  const proto = getPrototypeOf(fn);
  if (stringStartsWith(answerOf(functionToString, fn) || "", "class")) {
    const base = typeof proto === "function" ? dataString(proto, "name", 100) : "";
    return `[class ${name || "(anonymous)"}${base === "" ? "" : ` extends ${base}`}]`;
  }
  let kind = "Function";
  for (let i = 0; i < functionKinds.length; i++) if (functionKinds[i].proto === proto) kind = functionKinds[i].name;
  return `[${kind}${name === "" ? " (anonymous)" : `: ${name}`}]`;
}

function isErrorLike(proto) {
  for (let hops = 0; proto !== null && hops < 8; hops++) {
    if (proto === ErrorProto) return true;
    proto = getPrototypeOf(proto);
  }
  return false;
}

/** The name of the class that made *value*, as its prototype has it. */
function classLabel(value) {
  const proto = getPrototypeOf(value);
  if (proto === null) return "";
  const found = getDescriptor(proto, "constructor");
  const maker = found !== undefined && hasOwn(found, "value") ? found.value : undefined;
  return typeof maker === "function" ? dataString(maker, "name", 100) : "";
}
