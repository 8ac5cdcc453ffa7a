// Attack: updates a list of a thousand items in every place, all the time.
// Expected: a few a second: large ones count as more.
import { again } from "./lib/everywhere.js";

const slots = ["Sidebar", "StatusBar", "Overlay", "Header", "Footer"];
again((n) => pi.tui.slot.fill(slots[n % 5], pi.tui.ui.list(Array.from({ length: 1000 }, (_, at) => `${n} ${at}`), { selectable: true, selected: n % 1000 })), { often: 2, ms: 5 });
