// The methods of built-ins that depend on a locale, lazily: what they need is 20 KB to 300 KB (lazy/web/intl.js).
//
// Promises    English as Node's, with the host's time zone. The commonest cases, an integer or a date without options, need
//             nothing of it.

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
const dateFields = ["FullYear", "Month", "Date", "Hours", "Minutes", "Seconds"].map((name) => uncurry(DateProto[`get${name}`]));
const [yearOf, monthOf, dayOf, hourOf, minuteOf, secondOf] = dateFields;
const twoDigits = (number) => (number < 10 ? `0${number}` : `${number}`);

/** What is shown of *date* without options; "" where only the calendar's own rules would do. */
function plainDate(date, hasDate, hasTime) {
  const year = yearOf(date);
  if (!(year > 0 && year < 10000)) return ""; // NaN comes here, too
  const hour = hourOf(date);
  const day = `${monthOf(date) + 1}/${dayOf(date)}/${year}`;
  const time = `${hour % 12 || 12}:${twoDigits(minuteOf(date))}:${twoDigits(secondOf(date))} ${hour < 12 ? "AM" : "PM"}`;
  return hasDate && hasTime ? `${day}, ${time}` : hasDate ? day : time;
}

function localDate(date, locales, options, required, defaults) {
  if (locales === undefined && options === undefined) {
    const text = plainDate(date, defaults !== "time", defaults !== "date");
    if (text !== "") return text;
  }
  return lazy("web/intl").dateText(date, locales, options, required, defaults);
}

defineMethods(DateProto, {
  toLocaleString(locales, options) { return localDate(this, locales, options, "any", "all"); },
  toLocaleDateString(locales, options) { return localDate(this, locales, options, "date", "date"); },
  toLocaleTimeString(locales, options) { return localDate(this, locales, options, "time", "time"); },
});
defineMethods(String.prototype, {
  localeCompare(other, locales, options) {
    if (this === undefined || this === null) throw new TypeErrorCtor("localeCompare called on null or undefined");
    return lazy("web/collation").localeCompare(`${this}`, `${other}`, locales, options);
  },
});
defineLazyGlobal("Intl", "web/intl");
