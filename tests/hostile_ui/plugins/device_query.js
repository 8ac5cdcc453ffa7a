// Attack: asks the terminal for reports, which arrive as if typed.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1b[6n\x1b[c\x1b[>q\x1b[5n\x05\x1b[21t\x1bP$q\x22p\x1b\\");
