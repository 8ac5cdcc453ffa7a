// Attack: shows something, and then does nothing but spin.
// Expected: killed when its time is over; the others notice nothing.
import { attempted } from "./lib/everywhere.js";

attempted();
setTimeout(() => { for (;;); }, 50);
