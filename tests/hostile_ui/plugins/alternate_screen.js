// Attack: leaves the screen that the console drew on, and hides the cursor.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1b[?1049l\x1b[?47l\x1b[?25l\x1b[?7l");
