// What a person did in the interface: a key in a component, a bound key, a view opened, an item of a list chosen.
//
// Promises    The answer says whether the plugin took it, as soon as its handler runs: one that waits for something goes on for
//             the instance, and the next key does not wait for it. What it throws at once is the error of this press.
"use strict";

const { contextFor, newCall, reportUnhandled } = internals;

/** Do what *request* ({op, ...}) says for *call*: {handled}. */
exports.take = function take(call, request) {
  switch (request.op) {
    case "key":
      return { handled: require("pi/ui_frames").press(request.frame, request.data) };
    case "shortcut": {
      const run = require("pi/keymaps").handlerOf(request.key);
      if (run === null) return { handled: false };
      watch(run(contextAfter(call)));
      return { handled: true };
    }
    case "route":
      return { handled: require("pi/ui_tui").routed(request.name, request.open === true) };
    case "select": {
      const run = require("pi/ui_slots").chooserOf(request.slot, request.item);
      if (run === null) return { handled: false };
      watch(run(request.item, request.action, contextAfter(call)));
      return { handled: true };
    }
    default:
      return { handled: false }; // of a later version
  }
};

/** Report it if what a handler goes on with fails. */
function watch(result) {
  if (result instanceof Promise) result.catch(reportUnhandled);
}

/** ctx for what goes on when *call* has been answered: work that it starts is the plugin's own. */
function contextAfter(call) {
  const after = newCall(0, "");
  after.context = call.context;
  after.done = true;
  return contextFor(after);
}
