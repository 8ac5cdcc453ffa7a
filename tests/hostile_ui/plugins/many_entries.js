// Attack: sets ten thousand entries of each kind.
// Expected: sixty-four of each.
import { again } from "./lib/everywhere.js";

again((n) => {
  pi.ui.setStatus(`s${n}`, `status ${n}`);
  pi.ui.setWidget(`w${n}`, [`widget ${n}`]);
  pi.tui.slot.fill("Sidebar", `slot ${n}`, { id: `i${n}` });
}, { often: 200, ms: 10 });
