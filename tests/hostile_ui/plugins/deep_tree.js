// Attack: nests boxes far deeper than any stack.
// Expected: refused: a tree has four levels.
import { attempted } from "./lib/everywhere.js";

let node = pi.tui.ui.text("bottom");
for (let n = 0; n < 20000; n++) node = { kind: "box", title: "", children: [node] };
try { pi.tui.slot.fill("Sidebar", node); } catch { /* its own runtime may say so first */ }
let less = pi.tui.ui.text("bottom");
for (let n = 0; n < 60; n++) less = { kind: "box", title: `${n}`, children: [less] };
try { pi.tui.slot.fill("Overlay", less); } catch { /* so says its own runtime */ }
attempted();
