// pi.events: messages within a plugin, at once and in order, and between the plugins of a workspace, through the host.
//
// Promises    emit() calls this plugin's own handlers before it returns, as in pi. Others hear of it later, as a copy;
//             the promise tells how many, or why none. Nobody has to wait for it: a refusal that nobody looks at is no
//             unhandled rejection. A handler that throws is reported and does not keep the next one from running.

const { hostcall, cast, coalesced, copyJson, instance, makeError, publish, reportUnhandled } = internals;

const MAX_NAMES = 256;
const handlers = new Map(); // name -> list of functions

const announce = coalesced(() => cast(null, "bus.listen", { __proto__: null, names: [...handlers.keys()] }));

function checkName(name) {
  if (typeof name !== "string" || name === "" || name.length > 200) {
    throw new TypeError("the name of a message is a text of 1 to 200 characters");
  }
}

function on(name, handler) {
  checkName(name);
  if (typeof handler !== "function") throw new TypeError(`the handler of "${name}" must be a function`);
  const list = handlers.get(name);
  if (list === undefined) {
    if (handlers.size >= MAX_NAMES) throw makeError("E_QUOTA", `more than ${MAX_NAMES} kinds of messages`);
    handlers.set(name, [handler]);
    announce();
  } else {
    handlers.set(name, [...list, handler]); // a new list: an emit() that is under way keeps its own
  }
  return () => off(name, handler);
}

function once(name, handler) {
  const stop = on(name, (data, about) => {
    stop();
    return handler(data, about);
  });
  return stop;
}

/** Take back *handler*, or all of that name. */
function off(name, handler) {
  const list = handlers.get(name);
  if (list === undefined) return false;
  const at = handler === undefined ? -1 : list.lastIndexOf(handler);
  if (handler !== undefined && at < 0) return false;
  const left = handler === undefined ? [] : list.toSpliced(at, 1);
  if (left.length > 0) {
    handlers.set(name, left);
  } else {
    handlers.delete(name);
    announce();
  }
  return true;
}

function call(name, data, about) {
  for (const handler of handlers.get(name) ?? []) {
    try {
      const result = handler(data, about);
      if (result instanceof Promise) result.catch(reportUnhandled);
    } catch (error) {
      reportUnhandled(error);
    }
  }
}

function emit(name, data) {
  checkName(name);
  call(name, data, { from: instance.name, part: instance.part });
  const sent = new Promise((resolve) => {
    resolve(hostcall(null, "bus.emit", { __proto__: null, name, data: data === undefined ? null : copyJson(data) }));
  });
  sent.catch(() => {});
  return sent;
}

const events = {};
publish(events, "on", on);
publish(events, "once", once);
publish(events, "off", off);
publish(events, "emit", emit);
module.exports = {
  events: Object.freeze(events),
  /** News from the host: another plugin's message. */
  push: (message) => call(message.name, message.data, { from: message.from, part: message.part }),
};
