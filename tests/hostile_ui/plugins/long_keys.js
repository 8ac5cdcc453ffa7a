// Attack: calls its entries by names that are no names.
// Expected: refused, and its worker goes on.
import { attempted } from "./lib/everywhere.js";

for (const key of ["k".repeat(100000), "", "__proto__", "constructor", "../../x", "\0", "\u202e", "a\nb", "\x1b[2J", " ", "Sidebar/", "/", "null"]) {
  try { pi.ui.setStatus(key, "x"); } catch { /* the next one */ }
  try { pi.ui.setWidget(key, ["x"]); } catch { /* the next one */ }
  try { pi.tui.slot.fill("Sidebar", "x", { id: key }); } catch { /* the next one */ }
  try { pi.tui.slot.fill(key, "x"); } catch { /* the next one */ }
  try { pi.tui.route.register(key, () => ({ render: () => ["x"] })); } catch { /* the next one */ }
}
attempted();
