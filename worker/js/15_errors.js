// Errors that the runtime makes, and thrown values turned into text.
//
// Promises    describeError never throws and runs as little of the plugin as it can: it takes data properties
//             only (a getter named ``message`` is not asked), and no toString, ever. An error that reached
//             Python as a JavaScript exception would be converted by running the plugin.

const INTERNAL_ERROR =
  '2{"name":"InternalError","message":"the plugin runtime failed while handling this call","code":"E_INTERNAL"}';

// error.stack as other engines have it, its name and message first: programs print it alone. The runtime itself asks
// the engine's own getter, taken before anybody could replace it.
{
  const found = getDescriptor(ErrorProto, "stack");
  defineProperty(ErrorProto, "stack", {
    __proto__: null, configurable: true, enumerable: false, set: found.set,
    get: function stack() {
      const frames = errorStackOf(this);
      if (typeof frames !== "string") return frames;
      const name = dataString(this, "name", 100) || "Error";
      const message = dataString(this, "message", MAX_ERROR_CHARS);
      return `${name}${message === "" ? "" : ": "}${message}\n${frames}`;
    },
  });
}

/** An Error with a stable ``code``. */
function makeError(code, message) {
  const error = new ErrorCtor(message);
  defineProperty(error, "code", {
    __proto__: null, value: code, writable: true, enumerable: true, configurable: true,
  });
  return error;
}

function tooLarge(limit) {
  return makeError("E_TOO_LARGE", `larger than the limit of ${limit} bytes`);
}

/** The Error a hostcall's error JSON stands for; *text* comes from our own engine or host. */
function errorFromHost(text) {
  const data = jsonParse(text);
  const code = typeof data === "object" && data !== null && hasOwn(data, "code") ? data.code : "E_INTERNAL";
  const message = typeof data === "object" && data !== null && hasOwn(data, "message") ? data.message : text;
  return makeError(toStringPrimitive(code), toStringPrimitive(message));
}

/** A string data property of *value* or of its prototypes; "" when there is none. */
function dataString(value, key, limit) {
  try {
    let holder = value;
    for (let hops = 0; hops < 8 && holder !== null; hops++) {
      const found = getDescriptor(holder, key);
      if (found !== undefined) {
        // Its own descriptor object inherits too: ask for what it owns.
        const data = hasOwn(found, "value") ? found.value : undefined;
        return typeof data === "string" ? cutChars(data, limit) : "";
      }
      holder = getPrototypeOf(holder);
    }
  } catch {
    // a Proxy that refuses: there is nothing to say
  }
  return "";
}

function stackOf(value) {
  const own = dataString(value, "stack", MAX_STACK_CHARS);
  if (own !== "") return own;
  try {
    const native = errorStackOf(value); // the engine's getter, taken before anybody could replace it
    return typeof native === "string" ? cutChars(native, MAX_STACK_CHARS) : "";
  } catch {
    return "";
  }
}

/** Describe anything thrown as {name, message, stack, code?}; strings only, bounded. */
function describeError(value) {
  const out = { __proto__: null, name: "Error", message: "", stack: "" };
  if (typeof value === "symbol") out.message = "a symbol was thrown";
  else if (typeof value === "function") out.message = "a function was thrown";
  else if (value === null) out.message = "null was thrown (possibly out of memory)";
  else if (typeof value === "object") {
    out.name = dataString(value, "name", 100) || "Error";
    out.message = dataString(value, "message", MAX_ERROR_CHARS);
    out.stack = stackOf(value);
    const code = dataString(value, "code", 100);
    if (code !== "") out.code = code;
    if (out.message === "") out.message = out.stack === "" ? "an object without a message was thrown" : out.name;
  } else out.message = cutChars(toStringPrimitive(value), MAX_ERROR_CHARS);
  return out;
}

/** "Name: message" of anything thrown, on one line for logs; plain Errors lose the name. */
function errorLine(value) {
  const error = describeError(value);
  return error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
}

/** The result text of a failed call: status 2 and its JSON. */
function errorResult(value) {
  return flat("2", jsonStringify(describeError(value)));
}

/** How to call *value* in a message to its author. */
function kindOf(value) {
  if (value === null) return "null";
  if (typeof value === "object") return arrayIsArray(value) ? "an array" : "an object";
  if (typeof value === "undefined") return "undefined";
  return `a ${typeof value}`;
}
