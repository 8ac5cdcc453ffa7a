// Headers, as the fetch standard has them: a list of names and values, read in the order of the names.
"use strict";

const { defineInterface, needArguments } = require("web/interface");

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const byteString = (value, what) => {
  const text = `${value}`;
  // eslint-disable-next-line no-control-regex
  if (/[^\x00-\xff]/.test(text)) throw new TypeError(`${what} holds a character above 255`);
  return text;
};

const nameOf = (value) => {
  const name = byteString(value, "the name of a header");
  if (!TOKEN.test(name)) throw new TypeError(`${JSON.stringify(name.slice(0, 50))} is no name of a header`);
  return name;
};

const valueOf = (value) => {
  const text = byteString(value, "the value of a header").replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (/[\0\r\n]/.test(text)) throw new TypeError("the value of a header holds a line end or a NUL");
  return text;
};

let listOf; // (headers) => [[name as written, value], ...], in the order of appending
let make; // (list, isImmutable) => Headers

class Headers {
  #list = []; // [name in lower case, value, name as written]
  #isImmutable = false;
  #sorted = null;

  constructor(init = undefined) {
    if (init === undefined) return;
    fill(this, init);
  }

  static {
    listOf = (headers) => headers.#list.map(([, value, name]) => [name, value]);
    make = (list, isImmutable) => {
      const headers = new Headers();
      headers.#list = list.map(([name, value]) => [name.toLowerCase(), value, name]);
      headers.#isImmutable = isImmutable;
      return headers;
    };
  }

  #change() {
    if (this.#isImmutable) throw new TypeError("these headers are immutable");
    this.#sorted = null;
  }

  append(name, value) {
    needArguments(arguments.length, 2, "Headers.append");
    const written = nameOf(name);
    const text = valueOf(value);
    this.#change();
    this.#list.push([written.toLowerCase(), text, written]);
  }

  delete(name) {
    needArguments(arguments.length, 1, "Headers.delete");
    const key = nameOf(name).toLowerCase();
    this.#change();
    this.#list = this.#list.filter(([known]) => known !== key);
  }

  get(name) {
    needArguments(arguments.length, 1, "Headers.get");
    const key = nameOf(name).toLowerCase();
    const found = this.#list.filter(([known]) => known === key);
    return found.length === 0 ? null : found.map(([, value]) => value).join(", ");
  }

  has(name) {
    needArguments(arguments.length, 1, "Headers.has");
    const key = nameOf(name).toLowerCase();
    return this.#list.some(([known]) => known === key);
  }

  set(name, value) {
    needArguments(arguments.length, 2, "Headers.set");
    const written = nameOf(name);
    const text = valueOf(value);
    this.#change();
    const key = written.toLowerCase();
    const first = this.#list.findIndex(([known]) => known === key);
    if (first < 0) this.#list.push([key, text, written]);
    else {
      this.#list = this.#list.filter(([known], at) => at <= first || known !== key);
      this.#list[first] = [key, text, this.#list[first][2]];
    }
  }

  getSetCookie() {
    return this.#list.filter(([name]) => name === "set-cookie").map(([, value]) => value);
  }

  /** What iterating gives: names in lower case and in order, values of one name joined, but for set-cookie. */
  #entries() {
    if (this.#sorted === null) {
      const names = [...new Set(this.#list.map(([name]) => name))].sort();
      this.#sorted = names.flatMap((name) => (
        name === "set-cookie" ? this.getSetCookie().map((value) => [name, value]) : [[name, this.get(name)]]
      ));
    }
    return this.#sorted;
  }

  forEach(callback, self) {
    needArguments(arguments.length, 1, "Headers.forEach");
    if (typeof callback !== "function") throw new TypeError("forEach needs a function");
    for (const [name, value] of this) Reflect.apply(callback, self, [value, name, this]);
  }

  // By position: what is added or taken away while somebody iterates is seen, as the standard says.
  *entries() { for (let at = 0; at < this.#entries().length; at++) yield [...this.#entries()[at]]; }
  *keys() { for (const [name] of this.entries()) yield name; }
  *values() { for (const [, value] of this.entries()) yield value; }
}
defineInterface(Headers, "Headers");
Object.defineProperty(Headers.prototype, Symbol.iterator, {
  value: Headers.prototype.entries, writable: true, configurable: true,
});

/** Append what *init* holds: pairs, another Headers, or an object's own properties. */
function fill(headers, init) {
  if ((typeof init !== "object" && typeof init !== "function") || init === null) {
    throw new TypeError("headers are made of pairs or of an object");
  }
  const iterate = init[Symbol.iterator];
  if (iterate !== undefined && iterate !== null) {
    if (typeof iterate !== "function") throw new TypeError("headers are made of pairs or of an object");
    const pairs = [];
    for (const pair of init) {
      if (typeof pair !== "object" || pair === null || typeof pair[Symbol.iterator] !== "function") {
        throw new TypeError("a header is a pair of name and value");
      }
      const both = [...pair];
      if (both.length !== 2) throw new TypeError("a header is a pair of name and value");
      pairs.push(both);
    }
    for (const [name, value] of pairs) headers.append(name, value);
    return;
  }
  for (const key of Reflect.ownKeys(init)) {
    if (!Object.getOwnPropertyDescriptor(init, key)?.enumerable) continue;
    if (typeof key === "symbol") throw new TypeError("the name of a header is no symbol");
    headers.append(key, init[key]);
  }
}

module.exports = { Headers, TOKEN, byteString, listOf, make };
