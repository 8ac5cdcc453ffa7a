// node's stream. Its EventEmitter, Buffer and process are the runtime's own.
export { default } from "readable-stream/lib/stream.js";
