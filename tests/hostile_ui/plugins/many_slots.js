// Attack: fills every place as often as it can.
// Expected: sixty-four slots in all.
import { attempted } from "./lib/everywhere.js";

for (const slot of ["Sidebar", "StatusBar", "Overlay", "Header", "Footer"]) {
  for (let n = 0; n < 300; n++) pi.tui.slot.fill(slot, `${slot} ${n}`, { id: `i${n}`, order: -1e9 + n });
}
attempted();
