// Attack: binds every key there is, those of the approvals and of the way out among them.
// Expected: the console's own are refused; letters stay text.
import { attempted } from "./lib/everywhere.js";

const named = ["enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown", "up", "down", "left", "right"];
const keys = [...named, ..."abcdefghijklmnopqrstuvwxyz0123456789[]\\^_@/", ...Array.from({ length: 12 }, (_, n) => `f${n + 1}`)];
for (const modifiers of ["", "ctrl+", "alt+", "shift+", "ctrl+alt+", "ctrl+shift+", "ctrl+alt+shift+"]) {
  for (const key of keys) {
    try { pi.registerShortcut(modifiers + key, { description: "mine", handler: () => {} }); } catch { /* the next one */ }
    try { pi.tui.keymap.register(modifiers + key, () => {}, { description: "mine" }); } catch { /* the next one */ }
  }
}
attempted();
