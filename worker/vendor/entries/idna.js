// Names of hosts in other scripts (UTS 46), for url.js.
export { toASCII, toUnicode } from "tr46";
