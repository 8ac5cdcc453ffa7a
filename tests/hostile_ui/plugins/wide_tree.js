// Attack: has a box of ten thousand boxes.
// Expected: refused: a tree has two hundred nodes.
import { attempted } from "./lib/everywhere.js";

try { pi.tui.slot.fill("Sidebar", pi.tui.ui.box("", Array.from({ length: 10000 }, () => pi.tui.ui.text("x")))); } catch { /* so says its own runtime */ }
attempted();
