// Attack: is a thousand columns of tabs.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("\t".repeat(1000) + "x");
