// Attack: ends texts for those who end them at a zero.
// Expected: no zero.
import { everywhere } from "./lib/everywhere.js";

everywhere("before\0after\0" + "\0".repeat(5000));
