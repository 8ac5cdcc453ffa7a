// Attack: clears the screen and its history, and goes home.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("before\x1b[2J\x1b[3J\x1b[Hafter");
