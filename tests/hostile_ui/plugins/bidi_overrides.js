// Attack: turns the direction of everything after it.
// Expected: the letters, in the order in which they were sent.
import { everywhere } from "./lib/everywhere.js";

everywhere("\u202eevomer\u202d\u2066\u2067\u2068\u2069\u200e\u200f\u061csafe");
