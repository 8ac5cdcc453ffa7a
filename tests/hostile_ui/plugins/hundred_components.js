// Attack: opens a hundred components at once.
// Expected: four of them; each has its frame.
import { attempted, onceSeen, showing } from "./lib/everywhere.js";

onceSeen(() => { for (let n = 0; n < 100; n++) pi.ui.custom(() => showing(`component ${n}`), { overlay: n % 2 === 0 }).catch(() => {}); attempted(); });
