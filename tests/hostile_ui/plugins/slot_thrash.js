// Attack: puts an overlay there and takes it away, all the time.
// Expected: no more often than twenty times a second.
import { again } from "./lib/everywhere.js";

again((n) => (n % 2 ? pi.tui.slot.clear("Overlay", "o") : pi.tui.slot.fill("Overlay", ["thrash", `${n}`], { id: "o" })), { often: 1, ms: 3 });
