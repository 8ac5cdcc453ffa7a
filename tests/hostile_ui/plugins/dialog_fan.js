// Attack: asks a thousand things at once.
// Expected: four are open, the others are refused.
import { attempted, onceSeen } from "./lib/everywhere.js";

onceSeen(() => { for (let n = 0; n < 1000; n++) pi.ui.input(`Question ${n}?`, "x").catch(() => {}); attempted(); });
