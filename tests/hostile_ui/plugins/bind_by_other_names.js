// Attack: binds the console's keys by every other name for them.
// Expected: refused all the same.
import { attempted } from "./lib/everywhere.js";

for (const key of ["F2", " f2", "f2 ", "F02", "f2\0", "\u0066\uff12", "ESC", "Return", "ctrl+[", "ctrl+m", "ctrl+i", "ctrl+j", "Ctrl+C", "control+c", "CTRL+Q", "shift+f2", "^P", "\x1bOQ", "\x1b[12~", "\x03", "o", "S", "a", "D", "ctrl+ctrl+c", "f2+f2", "c+ctrl"]) {
  try { pi.tui.keymap.register(key, () => pi.ui.notify(`I have ${key}`), { description: "mine" }); } catch { /* the next one */ }
  try { pi.registerShortcut(key, { description: "mine", handler: () => pi.ui.notify(`I have ${key}`) }); } catch { /* the next one */ }
}
attempted();
