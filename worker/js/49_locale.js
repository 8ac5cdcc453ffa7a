// The methods of built-ins that depend on a locale, lazily: what they need is 20 KB to 300 KB (lazy/web/intl.js).
//
// Promises    English as Node's, with the host's time zone. An integer without options, the commonest case, needs nothing.

internals.timeZone = __py.zone;

const NumberProto = Number.prototype;
const isSafeInteger = Number.isSafeInteger;

function defineMethods(target, methods) {
  const names = objectKeys(methods);
  for (let i = 0; i < names.length; i++) {
    defineProperty(methods[names[i]], "length", { __proto__: null, value: names[i] === "localeCompare" ? 1 : 0 });
    defineProperty(target, names[i], {
      __proto__: null, value: methods[names[i]], writable: true, enumerable: false, configurable: true,
    });
  }
}

/** A whole number in groups of three. */
function groupDigits(value) {
  const text = toStringPrimitive(value < 0 ? -value : value);
  let grouped = stringSlice(text, -3);
  for (let end = text.length - 3; end > 0; end -= 3) grouped = `${stringSlice(text, mathMax(0, end - 3), end)},${grouped}`;
  return value < 0 || isMinusZero(value) ? `-${grouped}` : grouped;
}

defineMethods(NumberProto, {
  toLocaleString(locales, options) {
    const value = numberValueOf(this);
    if (locales === undefined && options === undefined && isSafeInteger(value)) return groupDigits(value);
    return lazy("web/intl").numberText(value, locales, options);
  },
});
defineMethods(BigInt.prototype, {
  toLocaleString(locales, options) {
    return lazy("web/intl").numberText(bigintValueOf(this), locales, options);
  },
});
defineMethods(DateProto, {
  toLocaleString(locales, options) { return lazy("web/intl").dateText(this, locales, options, "any", "all"); },
  toLocaleDateString(locales, options) { return lazy("web/intl").dateText(this, locales, options, "date", "date"); },
  toLocaleTimeString(locales, options) { return lazy("web/intl").dateText(this, locales, options, "time", "time"); },
});
defineMethods(String.prototype, {
  localeCompare(other, locales, options) {
    if (this === undefined || this === null) throw new TypeErrorCtor("localeCompare called on null or undefined");
    return lazy("web/collation").localeCompare(`${this}`, `${other}`, locales, options);
  },
});
defineLazyGlobal("Intl", "web/intl");
