// node:buffer, with what the vendored Buffer lacks: base64url, and the helpers beside the class.
"use strict";

const vendored = require("vendor/buffer");
const { Buffer } = vendored;

const nativeFrom = Buffer.from;
const nativeToString = Buffer.prototype.toString;
const nativeIsEncoding = Buffer.isEncoding;
const nativeByteLength = Buffer.byteLength;
const nativeWrite = Buffer.prototype.write;
const isBase64Url = (encoding) => typeof encoding === "string" && encoding.toLowerCase() === "base64url";
const known = (encoding) => (isBase64Url(encoding) ? "base64" : encoding); // decoding takes both alphabets

Buffer.from = function from(value, encoding, length) {
  return nativeFrom.call(Buffer, value, known(encoding), length);
};
Buffer.isEncoding = function isEncoding(encoding) {
  return isBase64Url(encoding) || nativeIsEncoding(encoding);
};
Buffer.byteLength = function byteLength(value, encoding) {
  return nativeByteLength(value, known(encoding));
};
Buffer.prototype.toString = function toString(encoding, start, end) {
  if (!isBase64Url(encoding)) return nativeToString.call(this, encoding, start, end);
  return nativeToString.call(this, "base64", start, end).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};
Buffer.prototype.toLocaleString = Buffer.prototype.toString;
Buffer.prototype.write = function write(string, offset, length, encoding) {
  if (typeof offset === "string") return nativeWrite.call(this, string, known(offset));
  if (typeof length === "string") return nativeWrite.call(this, string, offset, known(length));
  return nativeWrite.call(this, string, offset, length, known(encoding));
};

function bytesOf(input) {
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  throw new TypeError("The \"input\" argument must be an ArrayBuffer, Buffer or TypedArray");
}

function isAscii(input) {
  return bytesOf(input).every((byte) => byte < 128);
}

function isUtf8(input) {
  const bytes = bytesOf(input);
  return Buffer.compare(Buffer.from(Buffer.from(bytes).toString("utf8"), "utf8"), bytes) === 0;
}

function transcode(source, from, to) {
  return Buffer.from(Buffer.from(source).toString(from), to);
}

Object.assign(exports, {
  Buffer,
  SlowBuffer: vendored.SlowBuffer,
  INSPECT_MAX_BYTES: vendored.INSPECT_MAX_BYTES,
  kMaxLength: vendored.kMaxLength,
  kStringMaxLength: 1073741823,
  constants: { MAX_LENGTH: vendored.kMaxLength, MAX_STRING_LENGTH: 1073741823 },
  atob: globalThis.atob,
  btoa: globalThis.btoa,
  isAscii,
  isUtf8,
  transcode,
});
for (const name of ["Blob", "File"]) if (globalThis[name] !== undefined) exports[name] = globalThis[name];
