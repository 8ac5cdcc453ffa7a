export { Deflate, Inflate } from "pako";
