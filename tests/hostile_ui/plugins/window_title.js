// Attack: names the window.
// Expected: neither the sequence nor its words.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1b]0;owned\x07\x1b]2;owned\x1b\\\x1b]1337;SetMark\x07");
