// Attack: shows something, and then takes all the memory it gets.
// Expected: ended for it; the others notice nothing.
import { attempted } from "./lib/everywhere.js";

attempted();
const kept = [];
setTimeout(() => { for (;;) { try { kept.push(new Uint8Array(65536).fill(1)); } catch { kept.length /= 2; } } }, 50);
