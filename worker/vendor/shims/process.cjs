// The part of node's process that streams use.
module.exports = {
  env: {},
  stdout: undefined,
  stderr: undefined,
  nextTick: (fn, ...args) => queueMicrotask(() => fn(...args)),
};
