"use strict";

for (const name of ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"]) {
  exports[name] = globalThis[name];
}
Object.defineProperty(exports, "promises", { get: () => require("node/timers/promises"), enumerable: true });
