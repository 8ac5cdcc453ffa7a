// What a plugin does with the agent it runs in, for a call (through ctx) or for the instance (through pi).

const { hostcall, hostcallSync, copyJson, instance, publish, sessionOf } = internals;

/** callTool(name, params, {signal}?) for *call*: a promise of the tool's result; refusals have a ``code``. */
function makeCallTool(call) {
  return function callTool(name, params, options) {
    return new Promise((resolve) => {
      if (typeof name !== "string") throw new TypeError("callTool needs the name of a tool");
      const given = params === undefined || params === null ? {} : copyJson(params);
      const signal = options === undefined || options === null ? undefined : options.signal;
      resolve(hostcall(call, "tool.call", { __proto__: null, name, params: given }, signal));
    });
  };
}

/** Every tool of the workspace that this plugin offers or may call, with the plugin that offers it. */
function getAllTools() {
  return hostcallSync(null, "tool.list", { __proto__: null }).tools;
}

/** What goes to the host of a message: its plain data, whichever of the two formats it is written in. */
function messageOf(message, options) {
  const given = typeof message === "string" || Array.isArray(message) ? { content: message } : message;
  if (typeof given !== "object" || given === null) throw new TypeError("a message is a text or an object with content");
  const how = options ?? {};
  return copyJson({
    content: given.content,
    role: given.role,
    custom_type: given.customType ?? given.custom_type,
    display: given.display,
    details: given.details,
    trigger_turn: how.triggerTurn ?? how.trigger_turn,
    deliver_as: how.deliverAs ?? how.deliver_as,
  });
}

function send(call, message, options) {
  const sent = new Promise((resolve) => resolve(hostcall(call, "session.sendMessage", messageOf(message, options))));
  sent.catch(() => {}); // in pi nobody waits for it
  return sent;
}

/** session for *call*: the one that the call belongs to; for the instance, its own. */
function makeSession(call) {
  const session = {};
  publish(session, "getId", () => (call === null ? instance.sessionId : sessionOf(call)));
  publish(session, "sendMessage", (message, options) => send(call, message, options));
  publish(session, "getMessages", (options) => new Promise((resolve) => {
    const args = { __proto__: null };
    if (options?.limit !== undefined) args.limit = options.limit;
    resolve(hostcall(call, "session.getMessages", args));
  }).then((answer) => answer.messages));
  return Object.freeze(session);
}

/** pi's: what the user is to have said. */
function sendUserMessage(content, options) {
  return send(null, { content, role: "user" }, { triggerTurn: true, deliverAs: options?.deliverAs });
}

const sendMessage = (message, options) => send(null, message, options);

module.exports = { makeCallTool, getAllTools, makeSession, sendMessage, sendUserMessage, session: makeSession(null) };
