// Attack: writes over the console's first row.
// Expected: its words stand in its own frame, without the movement.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1b[s\x1b[1;1H\x1b[7m project  0 to approve  connected \x1b[u");
