// Bodies of requests and responses: where their bytes come from, who may read them, and how often (once).
//
// Promises    A body that is read whole never makes a stream: it is bytes already, or is pulled from the host piece by
//             piece. ``body`` makes the stream when somebody asks for it.
"use strict";

const { bytesOf } = require("web/interface");

const MAX_PARTS = 10000; // of a form that is read

/** Bytes of a body. One of *bytes*, *pull* (() => a promise of bytes or null; ``whole`` or not) and *stream* is given. */
class Payload {
  constructor({ bytes = null, pull = null, cancel = null, stream = null, type = null }) {
    this.bytes = bytes;
    this.pull = pull;
    this.cancel = cancel;
    this.made = stream;
    this.type = type; // the Content-Type that goes with it, or null
    this.isTaken = false;
  }

  get isDisturbed() { return this.isTaken || (this.made !== null && this.made._disturbed === true); }
  get isUnusable() { return this.isDisturbed || (this.made !== null && this.made.locked); }

  stream() {
    if (this.made === null) {
      const { bytes, pull, cancel } = this;
      const isTaken = this.isTaken;
      let isOver = isTaken;
      this.made = new ReadableStream({
        type: "bytes",
        async pull(controller) {
          let piece = null;
          if (!isOver && bytes !== null) {
            piece = bytes.slice();
            isOver = true;
          } else if (!isOver) {
            do piece = await pull(true);
            while (piece !== null && piece.length === 0);
          }
          if (piece !== null && piece.length > 0) controller.enqueue(piece);
          else {
            controller.close();
            controller.byobRequest?.respond(0);
          }
        },
        async cancel(reason) {
          if (cancel !== null) await cancel(reason);
        },
      }, { highWaterMark: 0 });
      if (isTaken) this.made._disturbed = true;
    }
    return this.made;
  }

  /** Everything, once. */
  async take() {
    if (this.isUnusable) throw new TypeError("Body is unusable: Body has already been read");
    if (this.made === null) {
      this.isTaken = true;
      if (this.bytes !== null) return this.bytes;
      return collect(() => this.pull(false));
    }
    const reader = this.made.getReader();
    return collect(async () => {
      const { done, value } = await reader.read();
      if (done) return null;
      if (!(value instanceof Uint8Array)) throw new TypeError("a stream of a body gives Uint8Arrays");
      return value;
    });
  }

  /** Two bodies out of this one, which goes on as the first. */
  tee() {
    if (this.bytes !== null && this.made === null) return new Payload({ bytes: this.bytes, type: this.type });
    const [one, two] = this.stream().tee();
    this.made = one;
    return new Payload({ stream: two, type: this.type });
  }
}

async function collect(next) {
  const pieces = [];
  let size = 0;
  for (let piece = await next(); piece !== null; piece = await next()) {
    pieces.push(piece);
    size += piece.length;
  }
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Make a payload of what may be given as a body. */
function payloadOf(init, isKeepalive = false) {
  if (typeof init === "string") return text(init, "text/plain;charset=UTF-8");
  const found = bytesOf(init);
  if (found !== null) return new Payload({ bytes: found.slice() });
  if (typeof init === "object") {
    if (init instanceof URLSearchParams) return text(init.toString(), "application/x-www-form-urlencoded;charset=UTF-8");
    const { bytesOfBlob } = require("web/blob");
    const bytes = bytesOfBlob(init);
    if (bytes !== undefined) return new Payload({ bytes: bytes.slice(), type: init.type || null });
    if (init instanceof FormData) return multipart(init);
    let stream = null;
    if (init instanceof ReadableStream) stream = init;
    else if (typeof init[Symbol.asyncIterator] === "function") stream = ReadableStream.from(init);
    if (stream !== null) {
      if (isKeepalive) throw new TypeError("keepalive");
      if (stream._disturbed === true || stream.locked) throw new TypeError("Response body object should not be disturbed or locked");
      return new Payload({ stream });
    }
  }
  return text(`${init}`, "text/plain;charset=UTF-8");
}

const text = (value, type) => new Payload({ bytes: new TextEncoder().encode(value), type });

function multipart(form) {
  const { bytesOfBlob } = require("web/blob");
  const boundary = `----formdata-jcode-${internals.uuid().replaceAll("-", "")}`;
  const escape = (name) => name.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
  const lines = (value) => value.replace(/\r\n?|\n/g, "\r\n");
  const encoder = new TextEncoder();
  const pieces = [];
  for (const [name, value] of form) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escape(lines(name))}"`;
    if (typeof value === "string") pieces.push(encoder.encode(`${head}\r\n\r\n${lines(value)}\r\n`));
    else {
      pieces.push(encoder.encode(`${head}; filename="${escape(value.name)}"\r\nContent-Type: ${value.type || "application/octet-stream"}\r\n\r\n`));
      pieces.push(bytesOfBlob(value), encoder.encode("\r\n"));
    }
  }
  pieces.push(encoder.encode(`--${boundary}--\r\n`));
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return new Payload({ bytes, type: `multipart/form-data; boundary=${boundary}` });
}

/** Read a form of *bytes*, which *type* says how it is written. */
function readForm(bytes, type) {
  const form = new FormData();
  const kind = (type ?? "").split(";")[0].trim().toLowerCase();
  if (kind === "application/x-www-form-urlencoded") {
    for (const [name, value] of new URLSearchParams(new TextDecoder().decode(bytes))) form.append(name, value);
    return form;
  }
  const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(type ?? "");
  if (kind !== "multipart/form-data" || boundary === null) {
    throw new TypeError("Content-Type was not one of \"multipart/form-data\" or \"application/x-www-form-urlencoded\"");
  }
  const broken = () => new TypeError("Failed to parse body as FormData");
  // As latin-1 a position in the text is one in the bytes.
  const whole = new TextDecoder("latin1").decode(bytes).replace(/[\u0080-\u{10ffff}]/gu, "\u0080");
  const mark = `--${boundary[1] ?? boundary[2]}`;
  let at = whole.startsWith(mark) ? mark.length : -1;
  if (at < 0) throw broken();
  for (let count = 0; !whole.startsWith("--", at); count++) {
    if (count > MAX_PARTS || !whole.startsWith("\r\n", at)) throw broken();
    const headEnd = whole.indexOf("\r\n\r\n", at);
    const end = headEnd < 0 ? -1 : whole.indexOf(`\r\n${mark}`, headEnd + 2);
    if (end < 0) throw broken();
    const head = new TextDecoder().decode(bytes.subarray(at + 2, headEnd));
    const disposition = /^content-disposition:\s*form-data;(.*)$/im.exec(head);
    const parameter = (name) => {
      const found = new RegExp(`[; ]${name}="([^"]*)"`, "i").exec(disposition === null ? "" : ` ${disposition[1]}`);
      return found === null ? null : found[1].replace(/%0A/gi, "\n").replace(/%0D/gi, "\r").replace(/%22/g, '"');
    };
    const name = parameter("name");
    if (name === null) throw broken();
    const filename = parameter("filename");
    const content = bytes.slice(headEnd + 4, Math.max(end, headEnd + 4));
    if (filename === null) form.append(name, new TextDecoder().decode(content));
    else {
      const found = /^content-type:\s*(.*)$/im.exec(head);
      form.append(name, new File([content], filename, { type: found === null ? "text/plain" : found[1].trim() }));
    }
    at = end + 2 + mark.length;
  }
  return form;
}

/** A Content-Type as a Blob has it: its parameters without blanks between them. */
function mimeOf(type) {
  return (type ?? "").split(";").map((part) => part.trim()).filter((part) => part !== "").join(";");
}

/** Put the ways to read a body on *Class*; *payloadIn* gives its payload or null, *typeIn* its Content-Type or null. */
function addBody(Class, payloadIn, typeIn) {
  const whole = async (self) => {
    const payload = payloadIn(self);
    return payload === null ? new Uint8Array() : payload.take();
  };
  const methods = {
    async arrayBuffer() { return (await whole(this)).slice().buffer; },
    async blob() { return new Blob([await whole(this)], { type: mimeOf(typeIn(this)) }); },
    async bytes() { return (await whole(this)).slice(); },
    async formData() { return readForm(await whole(this), typeIn(this)); },
    async json() { return JSON.parse(new TextDecoder().decode(await whole(this))); },
    async text() { return new TextDecoder().decode(await whole(this)); },
  };
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(Class.prototype, name, { value, writable: true, enumerable: true, configurable: true });
  }
  const getters = {
    body() { return payloadIn(this)?.stream() ?? null; },
    bodyUsed() { return payloadIn(this)?.isDisturbed ?? false; },
  };
  for (const [name, get] of Object.entries(getters)) {
    Object.defineProperty(Class.prototype, name, { get, enumerable: true, configurable: true });
  }
}

module.exports = { Payload, addBody, payloadOf };
