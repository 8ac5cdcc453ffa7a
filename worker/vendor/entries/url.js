// URL and URLSearchParams as browsers have them: the reference implementation of the standard.
export { URL, URLSearchParams } from "whatwg-url";
