// TextEncoder and TextDecoder without the multi-byte encodings of old.
export { TextDecoder, TextDecoderStream, TextEncoder, TextEncoderStream } from "@exodus/bytes/encoding-lite.js";
