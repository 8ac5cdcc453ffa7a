// Attack: begins a sequence that the next text would end.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("text\x1b[");
