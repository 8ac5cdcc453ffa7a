// Attack: updates a slot ten thousand times a second.
// Expected: twenty a second, the newest of them.
import { again } from "./lib/everywhere.js";

again((n) => pi.tui.slot.fill("Sidebar", `update ${n}`), { often: 50, ms: 5 });
