// Intl for English. Each of its classes is vendored and evaluated at first use; collation is our own (web/collation).
//
// Honest      Only English has data: another language is not among supportedLocalesOf, and what is made for it says en-US
//             in resolvedOptions. The host's time zone is known by its name, its rules by what the engine's Date says.
"use strict";

const { timeZone } = internals;

const Intl = {};
Object.defineProperty(Intl, Symbol.toStringTag, { value: "Intl", configurable: true });

function defineLazy(name, make) {
  const settle = (value) => Object.defineProperty(Intl, name, { value, writable: true, enumerable: false, configurable: true });
  Object.defineProperty(Intl, name, {
    get() {
      const value = make();
      settle(value);
      return value;
    },
    set: settle,
    enumerable: false,
    configurable: true,
  });
}

defineLazy("NumberFormat", () => require("vendor/intl_number").NumberFormat);
defineLazy("PluralRules", () => require("vendor/intl_number").PluralRules);
defineLazy("RelativeTimeFormat", () => require("vendor/intl_text").RelativeTimeFormat);
defineLazy("ListFormat", () => require("vendor/intl_text").ListFormat);
defineLazy("Segmenter", () => require("vendor/intl_segmenter").Segmenter);
defineLazy("Collator", () => require("web/collation").Collator);
defineLazy("DateTimeFormat", makeDateTimeFormat);
Object.defineProperty(Intl, "getCanonicalLocales", { value: getCanonicalLocales, writable: true, configurable: true });

// --- locales ----------------------------------------------------------------------------------------------

const TAG = /^(?:[a-z]{2,3}|[a-z]{5,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?$/i;

function getCanonicalLocales(locales) {
  if (locales === undefined) return [];
  const given = typeof locales === "string" ? [locales] : Array.from(Object(locales));
  return [...new Set(given.map(canonicalLocale))];
}

function canonicalLocale(locale) {
  if (typeof locale !== "string" && (typeof locale !== "object" || locale === null)) throw new TypeError("a locale is a string");
  const text = `${locale}`;
  if (!TAG.test(text)) throw new RangeError(`Incorrect locale information provided: ${text.slice(0, 100)}`);
  let isExtension = false;
  return text.toLowerCase().split("-").map((part, at) => {
    if (part.length === 1) isExtension = true;
    if (at === 0 || isExtension) return part;
    if (part.length === 4 && /^[a-z]/.test(part)) return part[0].toUpperCase() + part.slice(1);
    return part.length === 2 ? part.toUpperCase() : part;
  }).join("-");
}

// --- dates ------------------------------------------------------------------------------------------------

const UTC_NAMES = ["UTC", "Etc/UTC", "Etc/GMT", "GMT"];
const UNKNOWN = "Etc/Unknown"; // what the Unicode project calls a zone without a name

function makeDateTimeFormat() {
  const { DateTimeFormat: Inner } = require("vendor/intl_date");
  const zone = hostZone();
  let hasAllZones = false;
  const known = () => {
    const put = (name, value) => Object.defineProperty(Inner.tzData, name, { value, writable: true, enumerable: true, configurable: true });
    for (const name of UTC_NAMES) put(name, [[-Infinity, "UTC", 0, false]]);
    put(zone.name, zone.changes);
  };
  known();
  Inner.__setDefaultTimeZone(zone.name);
  function DateTimeFormat(locales, options) {
    const asked = options === undefined || options === null ? undefined : options.timeZone;
    if (asked !== undefined && !hasAllZones && !UTC_NAMES.includes(`${asked}`.toUpperCase()) && `${asked}` !== zone.name) {
      require("vendor/intl_zones");
      hasAllZones = true;
      known();
    }
    return Reflect.construct(Inner, [locales, options], new.target ?? DateTimeFormat);
  }
  Object.defineProperty(DateTimeFormat, "prototype", { value: Inner.prototype, writable: false });
  Object.defineProperty(DateTimeFormat, "length", { value: 0, configurable: true });
  Object.defineProperty(DateTimeFormat, "supportedLocalesOf", {
    value: (locales, options) => Inner.supportedLocalesOf(locales, options), writable: true, configurable: true,
  });
  // How vendor/intl_zones hands over what it has.
  Object.defineProperty(DateTimeFormat, "__addTZData", { value: (data) => addZones(Inner.tzData, data), configurable: true });
  Object.defineProperty(Inner.prototype, "constructor", { value: DateTimeFormat, writable: true, configurable: true });
  return DateTimeFormat;
}

/** Put every zone of *packed* on *table*, each unpacked when a date is shown in it. */
function addZones(table, { abbrvs, offsets, zones }) {
  const names = abbrvs.split("|");
  const seconds = offsets.split("|").map((text) => parseInt(text, 36));
  for (const packed of zones) {
    const [zone] = packed.split("|", 1);
    Object.defineProperty(table, zone, {
      get() {
        const value = packed.split("|").slice(1).map((change) => {
          const [at, name, offset, isSummer] = change.split(",");
          return [at === "" ? -Infinity : parseInt(at, 36), names[name], seconds[offset], isSummer === "1"];
        });
        Object.defineProperty(table, zone, { value, writable: true });
        return value;
      },
      set: undefined,
      enumerable: true,
      configurable: true,
    });
  }
}

/** The host's zone: its name, and its changes of offset between 1970 and 2050 as the engine's Date knows them. */
function hostZone() {
  const offsetAt = (time) => -60 * new Date(time).getTimezoneOffset() || 0;
  const month = 2629746000;
  const changes = [[-Infinity, "", offsetAt(0), false]];
  let offset = offsetAt(0);
  for (let time = 0; time < Date.UTC(2050, 0); time += month) {
    if (offsetAt(time + month) !== offset) {
      let [low, high] = [time, time + month];
      while (high - low > 1000) {
        const middle = Math.floor((low + high) / 2000) * 1000;
        if (offsetAt(middle) === offset) low = middle;
        else high = middle;
      }
      const standard = Math.min(offsetAt(Date.UTC(new Date(high).getUTCFullYear(), 0)), offsetAt(Date.UTC(new Date(high).getUTCFullYear(), 6)));
      offset = offsetAt(high);
      changes.push([high / 1000, "", offset, offset > standard]);
    }
  }
  const isUtc = changes.length === 1 && offset === 0;
  const isNamed = timeZone !== "" && !UTC_NAMES.includes(timeZone); // the rules are the engine's, whatever the name says
  return { name: isUtc ? "UTC" : isNamed ? timeZone : UNKNOWN, changes };
}

/** The options of Date's three methods: what is shown when nothing is asked for. */
function dateOptions(options, required, defaults) {
  const made = Object.create(options === undefined ? null : Object(options));
  let isAsked = made.dateStyle !== undefined || made.timeStyle !== undefined;
  if (required !== "time") isAsked ||= ["weekday", "year", "month", "day"].some((key) => made[key] !== undefined);
  if (required !== "date") {
    isAsked ||= ["dayPeriod", "hour", "minute", "second", "fractionalSecondDigits"].some((key) => made[key] !== undefined);
  }
  if (required === "date" && made.timeStyle !== undefined) throw new TypeError("Invalid option : timeStyle");
  if (required === "time" && made.dateStyle !== undefined) throw new TypeError("Invalid option : dateStyle");
  if (!isAsked && defaults !== "time") made.year = made.month = made.day = "numeric";
  if (!isAsked && defaults !== "date") made.hour = made.minute = made.second = "numeric";
  return made;
}

function dateText(date, locales, options, required, defaults) {
  const time = Date.prototype.getTime.call(date);
  if (Number.isNaN(time)) return "Invalid Date";
  return new Intl.DateTimeFormat(locales, dateOptions(options, required, defaults)).format(time);
}

let plainNumber;

function numberText(value, locales, options) {
  if (locales !== undefined || options !== undefined) return new Intl.NumberFormat(locales, options).format(value);
  plainNumber ??= new Intl.NumberFormat();
  return plainNumber.format(value);
}

module.exports = { Intl, dateText, numberText };
