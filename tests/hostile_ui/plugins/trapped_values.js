// Attack: gives values that do something when they are read.
// Expected: its own doing; the host reads text alone.
import { attempted } from "./lib/everywhere.js";

const trap = new Proxy({}, { get: (_, name) => (name === "kind" ? "box" : name === "children" ? [trap] : trap), ownKeys: () => { throw 1; } });
for (const value of [trap, { get kind() { throw 1; } }, { kind: "list", items: trap }, { kind: "text", lines: new Proxy([], {}) }, { toJSON: () => trap }, () => trap, Symbol("s"), 10n, NaN, new Date(NaN), [[[[[[["x"]]]]]]]]) {
  try { pi.tui.slot.fill("Sidebar", value); } catch { /* the next one */ }
  try { pi.ui.setWidget("w", value); } catch { /* the next one */ }
  try { pi.ui.setStatus("s", value, value); } catch { /* the next one */ }
  try { pi.ui.setTitle(value); } catch { /* the next one */ }
  try { pi.ui.notify(value, value); } catch { /* the next one */ }
  try { pi.ui.setEditorText(value); } catch { /* the next one */ }
  try { pi.ui.select(value, value).catch(() => {}); } catch { /* the next one */ }
}
attempted();
