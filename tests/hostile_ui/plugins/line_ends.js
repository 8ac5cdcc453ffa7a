// Attack: puts more lines into a line, by every character that ends one.
// Expected: one line where there is one, no row of anybody else.
import { everywhere } from "./lib/everywhere.js";

everywhere("one\ntwo\r\nthree\rfour\x0bfive\x0csix\x85seven\u2028eight\u2029nine");
