// Attack: uses what terminals do not agree how wide it is.
// Expected: nothing moves, whatever the terminal makes of it.
import { everywhere } from "./lib/everywhere.js";

everywhere("\u2764\ufe0f1\ufe0f\u20e3\u{1f1e9}\u{1f1ea}\u{1f3fd}\u{1f44d}\u{1f3fd}".repeat(50));
