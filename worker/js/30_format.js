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
    case "f":
    case "i": {
      if (typeof value === "bigint") return `${value}n`;
      const number = typeof value === "number" ? value : typeof value === "string" ? +value : NaN;
      return toStringPrimitive(letter === "i" && numberIsFinite(number) ? number - (number % 1) : number);
    }
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
      text = depth === 0 ? value : jsonStringify(cutChars(value, 10000));
      break;
    case "bigint":
      text = `${value}n`;
      break;
    case "symbol":
      text = toStringPrimitive(value);
      break;
    case "function":
      text = `[Function${functionLabel(value)}]`;
      break;
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

function functionLabel(fn) {
  const name = dataString(fn, "name", 100);
  return name === "" ? " (anonymous)" : `: ${name}`;
}

function inspectObject(value, depth, budget) {
  for (let i = 0; i < budget.seen.length; i++) if (budget.seen[i] === value) return "[Circular]";
  const native = nativeLook(value);
  if (native !== null) return native;
  const isArray = arrayIsArray(value);
  if (depth >= FORMAT_DEPTH || budget.chars <= 0) return isArray ? "[Array]" : "[Object]";
  budget.seen[budget.seen.length] = value;
  const parts = newList();
  if (isArray) inspectItems(value, depth, budget, parts);
  else inspectFields(value, depth, budget, parts);
  budget.seen.length -= 1;
  const label = isArray ? "" : classLabel(value);
  if (parts.length === 0) return `${label}${isArray ? "[]" : "{}"}`;
  const inside = arrayJoin(parts, ", ");
  return isArray ? `[ ${inside} ]` : `${label}{ ${inside} }`;
}

function inspectItems(value, depth, budget, parts) {
  const length = value.length;
  for (let i = 0; i < length; i++) {
    if (i >= FORMAT_ITEMS || budget.chars <= 0) {
      parts[parts.length] = `... ${length - i} more`;
      return;
    }
    parts[parts.length] = inspectProperty(value, toStringPrimitive(i), depth, budget);
  }
}

function inspectFields(value, depth, budget, parts) {
  const keys = objectKeys(value);
  for (let i = 0; i < keys.length; i++) {
    if (i >= FORMAT_ITEMS || budget.chars <= 0) {
      parts[parts.length] = `... ${keys.length - i} more`;
      return;
    }
    const key = regexExec(identifier, keys[i]) === null ? jsonStringify(keys[i]) : keys[i];
    budget.chars -= key.length;
    parts[parts.length] = `${key}: ${inspectProperty(value, keys[i], depth, budget)}`;
  }
}

function inspectProperty(holder, key, depth, budget) {
  const found = getDescriptor(holder, key);
  if (found === undefined) return "<empty>";
  if (!hasOwn(found, "value")) return "[Getter]";
  return inspectNode(found.value, depth + 1, budget);
}

/** Values whose contents are not in their properties; null for everything else. */
function nativeLook(value) {
  const proto = getPrototypeOf(value);
  if (proto === DateProto) {
    const time = dateGetTime(value);
    return numberIsFinite(time) ? dateToISOString(value) : "Invalid Date";
  }
  if (proto === PromiseProto) return "[Promise]";
  if (isErrorLike(proto)) {
    const error = describeError(value);
    const head = `${error.name}: ${error.message}`;
    return error.stack === "" ? head : `${head}\n${error.stack}`;
  }
  return null;
}

function isErrorLike(proto) {
  for (let hops = 0; proto !== null && hops < 8; hops++) {
    if (proto === ErrorProto) return true;
    proto = getPrototypeOf(proto);
  }
  return false;
}

function classLabel(value) {
  const proto = getPrototypeOf(value);
  if (proto === ObjectProto) return "";
  if (proto === null) return "[Object: null prototype] ";
  const found = getDescriptor(proto, "constructor");
  const maker = found !== undefined && hasOwn(found, "value") ? found.value : undefined;
  const name = typeof maker === "function" ? dataString(maker, "name", 100) : "";
  return name === "" ? "" : `${name} `;
}
