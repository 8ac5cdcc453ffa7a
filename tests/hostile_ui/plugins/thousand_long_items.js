// Attack: fills a list with as many items as it may have, each as long as it may be.
// Expected: refused: a value has 64 KiB.
import { attempted } from "./lib/everywhere.js";

pi.tui.slot.fill("Sidebar", pi.tui.ui.list(Array.from({ length: 1000 }, (_, n) => "\x1b[31m" + String(n).repeat(500)), { selectable: true }));
attempted();
