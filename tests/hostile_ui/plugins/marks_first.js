// Attack: begins with marks, which would stand on what is before it.
// Expected: nothing is drawn over the frame.
import { everywhere } from "./lib/everywhere.js";

everywhere("\u0301\u20dd\ufe0f\u200d\u0488text");
