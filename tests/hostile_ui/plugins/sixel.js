// Attack: draws a picture over everything.
// Expected: neither the sequence nor its words.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1bPq#0;2;0;0;0#0~~@@vv@@~~$-\x1b\\after");
