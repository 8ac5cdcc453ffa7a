// The Intl that vendored parts see instead of a global: the one object that web/intl.js fills lazily.
export const Intl = require("web/intl").Intl;

/** Put *Class* there for good: the data of a locale, evaluated next, looks for it. */
export function settle(name, Class) {
  Object.defineProperty(Intl, name, { value: Class, writable: true, enumerable: false, configurable: true });
}
