// What a plugin does with the agent it runs in, for a call (through ctx) or for the instance (through pi).

const { hostcall, hostcallSync, copyJson } = internals;

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

module.exports = { makeCallTool, getAllTools };
