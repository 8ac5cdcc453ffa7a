// Attack: makes the terminal scroll only a part, and scrolls it.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1b[1;2r\x1b[5S\x1b[3L\x1bM\x1bD");
