// FormData: a list of names with texts or files. Who writes it as multipart or reads it back is fetch.
"use strict";

const { defineInterface, needArguments } = require("web/interface");
const { Blob, File } = require("web/blob");

class FormData {
  #entries = []; // [name, text or File]

  constructor(form) {
    if (form !== undefined) throw new TypeError("there are no HTML forms here");
  }

  append(name, value, filename) {
    needArguments(arguments.length, 2, "FormData.append");
    this.#entries.push(entry(name, value, filename, arguments.length > 2));
  }

  delete(name) {
    needArguments(arguments.length, 1, "FormData.delete");
    const key = scalar(name);
    this.#entries = this.#entries.filter(([known]) => known !== key);
  }

  get(name) {
    needArguments(arguments.length, 1, "FormData.get");
    const key = scalar(name);
    return this.#entries.find(([known]) => known === key)?.[1] ?? null;
  }

  getAll(name) {
    needArguments(arguments.length, 1, "FormData.getAll");
    const key = scalar(name);
    return this.#entries.filter(([known]) => known === key).map(([, value]) => value);
  }

  has(name) {
    needArguments(arguments.length, 1, "FormData.has");
    const key = scalar(name);
    return this.#entries.some(([known]) => known === key);
  }

  set(name, value, filename) {
    needArguments(arguments.length, 2, "FormData.set");
    const made = entry(name, value, filename, arguments.length > 2);
    const first = this.#entries.findIndex(([known]) => known === made[0]);
    if (first < 0) this.#entries.push(made);
    else {
      this.#entries = this.#entries.filter(([known], at) => at <= first || known !== made[0]);
      this.#entries[first] = made;
    }
  }

  forEach(callback, self) {
    if (typeof callback !== "function") throw new TypeError("forEach needs a function");
    for (const [name, value] of this) Reflect.apply(callback, self, [value, name, this]);
  }

  *entries() { for (let i = 0; i < this.#entries.length; i++) yield [...this.#entries[i]]; }
  *keys() { for (const [name] of this.entries()) yield name; }
  *values() { for (const [, value] of this.entries()) yield value; }
}
defineInterface(FormData, "FormData");
Object.defineProperty(FormData.prototype, Symbol.iterator, {
  value: FormData.prototype.entries, writable: true, configurable: true,
});

const scalar = (value) => `${value}`.toWellFormed();

function entry(name, value, filename, isNamed) {
  if (value instanceof Blob) {
    const isFile = value instanceof File;
    if (isFile && !isNamed) return [scalar(name), value];
    const called = isNamed ? scalar(filename) : isFile ? value.name : "blob";
    const modified = isFile ? { lastModified: value.lastModified } : {};
    return [scalar(name), new File([value], called, { type: value.type, ...modified })];
  }
  if (isNamed) throw new TypeError("a file name is for a Blob, and the value is none");
  return [scalar(name), scalar(value)];
}

module.exports = { FormData };
