// Looked up when it is used: a global that the plugin may ask for first.
module.exports = {
  get AbortController() {
    return globalThis.AbortController;
  },
  get AbortSignal() {
    return globalThis.AbortSignal;
  },
};
