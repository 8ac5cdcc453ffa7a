// Attack: hides a sequence in a sequence, so that taking one away makes one.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1b[\x1b[2J2J\x1b\x1b[[2J\x1b]0;\x1b[2J\x07\x1b[3\x9b1m");
