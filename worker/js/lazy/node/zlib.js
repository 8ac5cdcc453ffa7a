// node:zlib without Brotli: pako's port of zlib behind node's functions, streams and errors.
//
// Promises    What is unpacked is bounded: 16 MiB at once, or ``maxOutputLength`` if that is less, then
//             ERR_BUFFER_TOO_LARGE. A stream gives so much for each chunk that it is given; nothing bounds it in all.
// Gap         It runs in the interpreter: some megabytes a second, and within the time that an entry may be busy.
"use strict";

const pako = require("vendor/zlib");
const { Transform } = require("node/stream");
const { Buffer } = require("node/buffer");

const MAX_OUTPUT = 16 * 1024 * 1024;
const NO_FLUSH = 0;
const FINISH = 4;
const constants = Object.freeze({
  __proto__: null,
  Z_NO_FLUSH: 0, Z_PARTIAL_FLUSH: 1, Z_SYNC_FLUSH: 2, Z_FULL_FLUSH: 3, Z_FINISH: 4, Z_BLOCK: 5,
  Z_OK: 0, Z_STREAM_END: 1, Z_NEED_DICT: 2, Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5,
  Z_VERSION_ERROR: -6,
  Z_NO_COMPRESSION: 0, Z_BEST_SPEED: 1, Z_BEST_COMPRESSION: 9, Z_DEFAULT_COMPRESSION: -1,
  Z_FILTERED: 1, Z_HUFFMAN_ONLY: 2, Z_RLE: 3, Z_FIXED: 4, Z_DEFAULT_STRATEGY: 0,
  DEFLATE: 1, INFLATE: 2, GZIP: 3, GUNZIP: 4, DEFLATERAW: 5, INFLATERAW: 6, UNZIP: 7,
  Z_MIN_WINDOWBITS: 8, Z_MAX_WINDOWBITS: 15, Z_DEFAULT_WINDOWBITS: 15, Z_MIN_CHUNK: 64, Z_MAX_CHUNK: Infinity, Z_DEFAULT_CHUNK: 16384,
  Z_MIN_MEMLEVEL: 1, Z_MAX_MEMLEVEL: 9, Z_DEFAULT_MEMLEVEL: 8, Z_MIN_LEVEL: -1, Z_MAX_LEVEL: 9, Z_DEFAULT_LEVEL: -1,
});
const CODES = ["Z_OK", "Z_STREAM_END", "Z_NEED_DICT", "Z_ERRNO", "Z_STREAM_ERROR", "Z_DATA_ERROR", "Z_MEM_ERROR", "Z_BUF_ERROR", "Z_VERSION_ERROR"];
const codes = { __proto__: null };
for (const name of CODES) {
  codes[name] = constants[name];
  codes[constants[name]] = name;
}
Object.freeze(codes);

/** Name of the class -> how its engine is made of the window's size. */
const KINDS = {
  __proto__: null,
  Deflate: { packs: true, bits: (size) => size },
  Gzip: { packs: true, bits: (size) => size + 16 },
  DeflateRaw: { packs: true, bits: (size) => -(size === 8 ? 9 : size) },
  Inflate: { packs: false, bits: (size) => size },
  Gunzip: { packs: false, bits: (size) => size + 16 },
  InflateRaw: { packs: false, bits: (size) => -size },
  Unzip: { packs: false, bits: (size) => size + 32 },
};

function coded(Type, code, message) {
  const error = new Type(message);
  error.code = code;
  return error;
}

function bytesOf(data, name) {
  if (typeof data === "string") return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "${name}" argument must be of type string or an instance of Buffer, TypedArray, DataView, or ArrayBuffer.`);
}

function ranged(options, name, least, most, fallback) {
  const value = options[name];
  if (value === undefined || value === null || Number.isNaN(value)) return fallback;
  if (typeof value !== "number") throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "options.${name}" property must be of type number.`);
  if (value < least || value > most) {
    throw coded(RangeError, "ERR_OUT_OF_RANGE", `The value of "options.${name}" is out of range. It must be >= ${least} and <= ${most}. Received ${value}`);
  }
  return value;
}

/** One (un)packing under way: ``take`` gets each piece of what comes out. */
class Engine {
  constructor(kind, options, take) {
    const { packs, bits } = KINDS[kind];
    const size = packs || options.windowBits !== 0 ? ranged(options, "windowBits", 8, 15, 15) : 15;
    this.finish = ranged(options, "finishFlush", 0, 5, FINISH);
    const settings = {
      windowBits: bits(size),
      chunkSize: ranged(options, "chunkSize", 64, Infinity, 16384),
      level: ranged(options, "level", -1, 9, -1),
      memLevel: ranged(options, "memLevel", 1, 9, 8),
      strategy: ranged(options, "strategy", 0, 4, 0),
    };
    const { dictionary } = options;
    if (dictionary !== undefined) settings.dictionary = bytesOf(dictionary, "options.dictionary");
    this.hasDictionary = dictionary !== undefined;
    this.engine = packs ? new pako.Deflate(settings) : new pako.Inflate(settings);
    this.engine.onData = take;
    this.engine.onEnd = () => undefined;
  }

  push(bytes, flush) {
    const { engine } = this;
    engine.push(bytes, flush);
    if (engine.err === 0) return;
    let { msg } = engine;
    if (engine.err === constants.Z_NEED_DICT) msg = this.hasDictionary ? "Bad dictionary" : "Missing dictionary";
    else if (engine.err === constants.Z_BUF_ERROR) msg = "unexpected end of file";
    const error = new Error(msg);
    error.errno = engine.err;
    error.code = codes[engine.err];
    throw error;
  }
}

/** What counts pieces up to *most* bytes. */
function bounded(most, take) {
  let left = most;
  const add = (piece) => {
    if (piece.length > left) throw coded(RangeError, "ERR_BUFFER_TOO_LARGE", `Cannot create a Buffer larger than ${most} bytes`);
    left -= piece.length;
    take(piece);
  };
  add.reset = () => {
    left = most;
  };
  return add;
}

function runSync(kind, data, options = {}) {
  const bytes = bytesOf(data, "buffer");
  const most = Math.min(ranged(options, "maxOutputLength", 1, Number.MAX_SAFE_INTEGER, MAX_OUTPUT), MAX_OUTPUT);
  const pieces = [];
  const engine = new Engine(kind, options, bounded(most, (piece) => pieces.push(piece)));
  engine.push(bytes, engine.finish);
  return Buffer.concat(pieces);
}

function runLater(kind, data, options, callback) {
  const done = typeof options === "function" ? options : callback;
  const chosen = typeof options === "function" ? {} : options ?? {};
  if (typeof done !== "function") throw coded(TypeError, "ERR_INVALID_ARG_TYPE", 'The "callback" argument must be of type function.');
  const bytes = bytesOf(data, "buffer");
  queueMicrotask(() => {
    let result;
    try {
      result = runSync(kind, bytes, chosen);
    } catch (error) {
      done(error);
      return;
    }
    done(null, result);
  });
}

class ZlibStream extends Transform {
  #engine;
  #gate;

  constructor(kind, options = {}) {
    super({ ...options, objectMode: false });
    this.bytesWritten = 0;
    this.#gate = bounded(MAX_OUTPUT, (piece) => this.push(Buffer.from(piece)));
    this.#engine = new Engine(kind, options, this.#gate);
  }

  #push(bytes, flush, done) {
    this.#gate.reset();
    try {
      this.#engine.push(bytes, flush);
    } catch (error) {
      done(error);
      return;
    }
    done();
  }

  _transform(chunk, _encoding, done) {
    this.bytesWritten += chunk.length;
    if (this.#engine.engine.ended) done(); // what follows the end is not part of it
    else this.#push(chunk, NO_FLUSH, done);
  }

  _flush(done) {
    if (this.#engine.engine.ended) done();
    else this.#push(new Uint8Array(0), this.#engine.finish, done);
  }

  close(callback) {
    if (typeof callback === "function") this.once("close", callback);
    this.destroy();
  }
}

const table = new Int32Array(256);
for (let at = 0; at < 256; at++) {
  let value = at;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  table[at] = value;
}

/** crc32(data, before?) -> the checksum, unsigned. */
function crc32(data, value = 0) {
  let crc = ~value;
  for (const byte of bytesOf(data, "data")) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

const exported = { constants, codes, crc32 };
for (const kind of Object.keys(KINDS)) {
  const name = kind[0].toLowerCase() + kind.slice(1);
  const Stream = class extends ZlibStream {
    constructor(options) { super(kind, options); }
  };
  Object.defineProperty(Stream, "name", { value: kind });
  exported[kind] = Stream;
  exported[`create${kind}`] = (options) => new Stream(options);
  exported[name] = (data, options, callback) => runLater(kind, data, options, callback);
  exported[`${name}Sync`] = (data, options) => runSync(kind, data, options ?? {});
}
for (const [name, value] of Object.entries(constants)) if (name.startsWith("Z_")) exported[name] = value;

module.exports = exported;
