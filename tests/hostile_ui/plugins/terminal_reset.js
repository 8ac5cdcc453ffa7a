// Attack: resets the terminal, softly and hard, and changes its letters.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1bc\x1b[!p\x1b(0\x1b#8\x0e\x0f\x1b%@after");
