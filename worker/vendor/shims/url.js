// Looked up when it is used: URL is large, and most of what is shown is none.
export function URL(...parts) {
  return Reflect.construct(globalThis.URL, parts);
}
Object.defineProperty(URL, Symbol.hasInstance, {
  value: (value) => typeof globalThis.URL === "function" && value instanceof globalThis.URL,
});
