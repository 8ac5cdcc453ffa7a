// Attack: begins a string that would swallow all that is drawn after it.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("text\x1b]0;");
