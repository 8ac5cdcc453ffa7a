// Attack: sets sixty status items anew all the time.
// Expected: twenty a second, all of them in the end.
import { again } from "./lib/everywhere.js";

again((n) => pi.ui.setStatus(`s${n % 60}`, `\x1b[3${n % 8}mstatus ${n}`), { often: 120, ms: 5 });
