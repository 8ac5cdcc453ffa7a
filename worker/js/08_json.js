// Plain data out of a plugin's values.
//
// Promises    The copy is made of null-prototype objects and lists, so captured JSON.stringify finds no
//             toJSON on it, whatever was done to Object.prototype, String.prototype or BigInt.prototype.
//             Every property is read exactly once, own enumerable ones only: what was judged is what is sent.
// Raises      Error with code E_INVALID (not JSON) or E_TOO_LARGE, and whatever a getter or a Proxy throws.
// Follows     JSON.stringify where it can: undefined and functions are left out, NaN is null, a Date is its
//             ISO text. Differs where it would guess: a bigint is an error, toJSON of a plugin's class is not asked.

/** Copy *value* as plain data; undefined when there is nothing to send. */
function copyJson(value) {
  return copyNode(value, 0, { __proto__: null, nodes: MAX_JSON_NODES, chars: limits.payloadOut });
}

function copyNode(value, depth, budget) {
  switch (typeof value) {
    case "string":
      budget.chars -= value.length;
      if (budget.chars < 0) throw tooLarge(limits.payloadOut);
      return value;
    case "number":
      return numberIsFinite(value) ? value : null;
    case "boolean":
      return value;
    case "bigint":
      throw makeError("E_INVALID", "a bigint is not JSON; convert it to a string or a number");
    case "object":
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if (depth >= MAX_JSON_DEPTH) {
    throw makeError("E_INVALID", `nested deeper than ${MAX_JSON_DEPTH} levels, or contains itself`);
  }
  budget.nodes -= 1;
  if (budget.nodes < 0) throw makeError("E_TOO_LARGE", `more than ${MAX_JSON_NODES} values`);
  if (arrayIsArray(value)) return copyArray(value, depth, budget);
  if (getPrototypeOf(value) === DateProto) {
    return numberIsFinite(dateGetTime(value)) ? dateToISOString(value) : null;
  }
  const out = { __proto__: null };
  const keys = objectKeys(value);
  const count = keys.length;
  if (count > budget.nodes) throw makeError("E_TOO_LARGE", `more than ${MAX_JSON_NODES} values`);
  for (let i = 0; i < count; i++) {
    const key = keys[i];
    budget.chars -= key.length;
    const item = copyNode(value[key], depth + 1, budget);
    if (item !== undefined) out[key] = item;
  }
  return out;
}

function copyArray(value, depth, budget) {
  const length = value.length; // once; a Proxy may answer anything
  if (typeof length !== "number" || !(length <= budget.nodes)) {
    throw makeError("E_TOO_LARGE", `more than ${MAX_JSON_NODES} values`);
  }
  budget.nodes -= length;
  const out = newList();
  for (let i = 0; i < length; i++) {
    // A hole would otherwise read what somebody put on Array.prototype.
    const item = hasOwn(value, i) ? copyNode(value[i], depth + 1, budget) : null;
    out[i] = item === undefined ? null : item;
  }
  return out;
}

/** JSON text of *value* as copied plain data, or undefined when there is nothing to send. */
function jsonText(value) {
  const copy = copyJson(value);
  return copy === undefined ? undefined : jsonStringify(copy);
}

/** A copy that a plugin may keep and change: ordinary objects made from plain data's own text. */
function thaw(copy) {
  return typeof copy === "object" && copy !== null ? jsonParse(jsonStringify(copy)) : copy;
}

/** Whether *text*, made by jsonStringify or without lone surrogates, takes more than *limit* bytes in UTF-8. */
function exceedsBytes(text, limit) {
  const length = text.length;
  if (length > limit) return true;
  if (length * 3 <= limit) return false;
  return __py.size(text) > limit; // counted natively: megabytes one unit at a time take a second
}

/** How many units of *text* fit into *limit* bytes, never splitting a surrogate pair. */
function bytePrefix(text, limit) {
  const length = text.length;
  let bytes = 0;
  let i = 0;
  while (i < length) {
    const unit = charCodeAt(text, i);
    let step = 1;
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < length && isLowSurrogate(charCodeAt(text, i + 1))) {
      bytes += 4;
      step = 2;
    } else bytes += 3;
    if (bytes > limit) return i;
    i += step;
  }
  return length;
}

function isLowSurrogate(unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** Cut *text* to *limit* bytes and say how much is missing. */
function cutText(text, limit) {
  if (text.length <= limit && bytePrefix(text, limit) === text.length) return text;
  const kept = bytePrefix(text, mathMax(0, limit - 40)); // room for the note
  return arrayJoin([stringSlice(text, 0, kept), `... [${text.length - kept} characters cut]`], "");
}

/** Cut *text* to *count* units; for texts whose exact bytes do not matter. */
function cutChars(text, count) {
  return text.length <= count ? text : stringSlice(text, 0, count);
}
