// Blob and File: bytes in memory, with a type.
"use strict";

const { bytesOf, defineInterface, needArguments } = require("web/interface");

const encode = (text) => new TextEncoder().encode(text);

let bytesOfBlob; // (blob) => its bytes, or undefined

class Blob {
  #bytes;
  #type;

  constructor(parts = [], options = {}) {
    if (typeof parts !== "object" || parts === null || typeof parts[Symbol.iterator] !== "function") {
      throw new TypeError("the parts of a Blob are a list");
    }
    if (options !== undefined && options !== null && typeof options !== "object" && typeof options !== "function") {
      throw new TypeError("the options of a Blob are an object");
    }
    const { endings = "transparent", type = "" } = options ?? {};
    if (endings !== "transparent" && endings !== "native") throw new TypeError(`endings cannot be ${endings}`);
    this.#bytes = concat([...parts].map((part) => bytesOfPart(part, endings)));
    this.#type = typeOf(type);
  }

  static { bytesOfBlob = (value) => (typeof value === "object" && value !== null && #bytes in value ? value.#bytes : undefined); }

  get size() { return this.#bytes.length; }
  get type() { return this.#type; }

  slice(start = 0, end = this.#bytes.length, type = "") {
    const made = new Blob();
    made.#bytes = this.#bytes.subarray(position(start, this.#bytes.length), position(end, this.#bytes.length));
    made.#type = typeOf(type);
    return made;
  }

  async arrayBuffer() { return this.#bytes.slice().buffer; }
  async bytes() { return this.#bytes.slice(); }
  async text() { return new TextDecoder("utf-8", { ignoreBOM: false }).decode(this.#bytes); }

  stream() {
    const bytes = this.#bytes;
    const step = 65536;
    let at = 0;
    return new ReadableStream({
      type: "bytes",
      pull(controller) {
        if (at < bytes.length) {
          controller.enqueue(bytes.slice(at, at + step));
          at += step;
        }
        if (at >= bytes.length) {
          controller.close();
          controller.byobRequest?.respond(0);
        }
      },
    }, { highWaterMark: 0 });
  }
}
defineInterface(Blob, "Blob", { serializer: (blob) => new Blob([blob], { type: blob.type }) });

class File extends Blob {
  #name;
  #lastModified;

  constructor(parts, name, options = {}) {
    needArguments(arguments.length, 2, "File");
    super(parts, options);
    this.#name = `${name}`.toWellFormed();
    const modified = options?.lastModified;
    this.#lastModified = modified === undefined ? Date.now() : Math.trunc(Number(modified)) || 0;
  }

  get name() { return this.#name; }
  get lastModified() { return this.#lastModified; }
  get webkitRelativePath() { return ""; }
}
defineInterface(File, "File", {
  serializer: (file) => new File([file], file.name, { type: file.type, lastModified: file.lastModified }),
});

function bytesOfPart(part, endings) {
  const stored = bytesOfBlob(part) ?? bytesOf(part);
  if (stored !== null) return stored;
  const text = `${part}`;
  return encode(endings === "native" ? text.replace(/\r\n?|\n/g, "\n") : text);
}

function concat(pieces) {
  const made = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    made.set(piece, at);
    at += piece.length;
  }
  return made;
}

function position(value, length) {
  const whole = Math.trunc(Number(value)) || 0;
  return whole < 0 ? Math.max(0, length + whole) : Math.min(whole, length);
}

/** A type is printable ASCII in lower case; anything else is none. */
function typeOf(type) {
  const text = `${type}`;
  return /^[\x20-\x7e]*$/.test(text) ? text.toLowerCase() : "";
}

module.exports = { Blob, File, bytesOfBlob };
