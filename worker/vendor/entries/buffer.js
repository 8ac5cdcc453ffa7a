// Node's Buffer.
export { Buffer, SlowBuffer, INSPECT_MAX_BYTES, kMaxLength } from "buffer/index.js";
