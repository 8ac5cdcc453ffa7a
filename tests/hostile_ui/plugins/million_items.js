// Attack: fills a list with a million items.
// Expected: refused: a list has a thousand.
import { attempted } from "./lib/everywhere.js";

const item = { id: "x", line: "item" };
for (const length of [1000000, 100000, 10000, 1001]) {
  try { pi.tui.slot.fill("Sidebar", { kind: "list", title: "", items: Array(length).fill(item), selectable: true }); } catch { /* fewer, then */ }
}
attempted();
