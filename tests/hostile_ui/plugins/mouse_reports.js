// Attack: has the terminal type what the mouse does.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1b[?1003h\x1b[?1006h\x1b[?1004h");
