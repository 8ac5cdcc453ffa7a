// Attack: ends a paste before its end, so that the rest counts as typed.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1b[201~f2\na\n\x1b[200~");
