// performance: the clock, and marks and measures that a plugin keeps for itself.
"use strict";

const { defineInterface, needArguments } = require("web/interface");
const { structuredClone } = require("web/clone");
const { EventTarget } = require("web/events");
const { dateNow, performanceNow } = internals;

const MAX_ENTRIES = 10000; // the oldest go first
const timeOrigin = dateNow() - performanceNow(); // the engine's own is not of the calendar
const mint = {};

class PerformanceEntry {
  #name; #startTime; #duration; #detail;
  constructor(key, name, startTime, duration, detail) {
    if (key !== mint) throw new TypeError("Illegal constructor");
    this.#name = name;
    this.#startTime = startTime;
    this.#duration = duration;
    this.#detail = detail === undefined || detail === null ? null : structuredClone(detail);
  }
  get name() { return this.#name; }
  get entryType() { return this instanceof PerformanceMark ? "mark" : "measure"; }
  get startTime() { return this.#startTime; }
  get duration() { return this.#duration; }
  get detail() { return this.#detail; }
  toJSON() {
    const { name, entryType, startTime, duration, detail } = this;
    return { name, entryType, startTime, duration, detail };
  }
}

class PerformanceMark extends PerformanceEntry {
  constructor(name, options = {}) {
    needArguments(arguments.length, 1, "PerformanceMark");
    const startTime = options?.startTime === undefined ? performanceNow() : Number(options.startTime);
    if (startTime < 0) throw new TypeError("a mark cannot be before the start");
    super(mint, `${name}`, startTime, 0, options?.detail);
  }
}

class PerformanceMeasure extends PerformanceEntry {}

class Performance extends EventTarget {
  #entries = [];

  constructor(key) {
    if (key !== mint) throw new TypeError("Illegal constructor");
    super();
  }

  get timeOrigin() { return timeOrigin; }
  now() { return performanceNow(); }
  mark(name, options) {
    needArguments(arguments.length, 1, "performance.mark");
    return this.#keep(new PerformanceMark(name, options));
  }

  measure(name, startOrOptions, endMark) {
    needArguments(arguments.length, 1, "performance.measure");
    const options = typeof startOrOptions === "object" && startOrOptions !== null
      ? startOrOptions
      : { start: startOrOptions, end: endMark };
    const { start, end, duration, detail } = options;
    const until = end !== undefined ? this.#timeOf(end)
      : start !== undefined && duration !== undefined ? this.#timeOf(start) + Number(duration)
        : performanceNow();
    const from = start !== undefined ? this.#timeOf(start)
      : duration !== undefined && end !== undefined ? until - Number(duration)
        : 0;
    return this.#keep(new PerformanceMeasure(mint, `${name}`, from, until - from, detail));
  }

  clearMarks(name) { this.#clear("mark", name); }
  clearMeasures(name) { this.#clear("measure", name); }
  getEntries() { return this.#entries.toSorted((one, other) => one.startTime - other.startTime); }
  getEntriesByType(type) { return this.getEntries().filter((entry) => entry.entryType === `${type}`); }
  getEntriesByName(name, type) {
    return this.getEntries().filter((entry) => entry.name === `${name}` && (type === undefined || entry.entryType === `${type}`));
  }
  toJSON() { return { timeOrigin }; }

  #keep(entry) {
    this.#entries.push(entry);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    return entry;
  }

  #timeOf(mark) {
    if (typeof mark === "number") return mark;
    const found = this.#entries.findLast((entry) => entry.entryType === "mark" && entry.name === `${mark}`);
    if (found === undefined) throw new DOMException(`The "${mark}" performance mark has not been set`, "SyntaxError");
    return found.startTime;
  }

  #clear(type, name) {
    this.#entries = this.#entries.filter((entry) => entry.entryType !== type || (name !== undefined && entry.name !== `${name}`));
  }
}
defineInterface(PerformanceEntry, "PerformanceEntry");
defineInterface(PerformanceMark, "PerformanceMark");
defineInterface(PerformanceMeasure, "PerformanceMeasure");
defineInterface(Performance, "Performance");

module.exports = { Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure, performance: new Performance(mint) };
