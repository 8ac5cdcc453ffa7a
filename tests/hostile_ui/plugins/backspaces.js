// Attack: goes back over what stands to the left of it.
// Expected: the word alone.
import { everywhere } from "./lib/everywhere.js";

everywhere("\b".repeat(300) + "\r" + "\x7f".repeat(10) + "owned");
