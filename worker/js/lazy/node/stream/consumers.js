// node:stream/consumers: a whole stream as one value.
"use strict";

const { Buffer } = require("node/buffer");

async function buffer(source) {
  const parts = [];
  for await (const part of source) parts.push(typeof part === "string" ? Buffer.from(part) : Buffer.from(part));
  return Buffer.concat(parts);
}

const text = async (source) => (await buffer(source)).toString("utf8");

async function arrayBuffer(source) {
  const bytes = await buffer(source);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

Object.assign(exports, { arrayBuffer, buffer, json: async (source) => JSON.parse(await text(source)), text });
