// Attack: presses the person's keys: in its component, its dialogs and its line.
// Expected: no key comes from a plugin.
import { again, attempted, onceSeen, showing } from "./lib/everywhere.js";

onceSeen(() => {
  pi.ui.custom((tui) => {
    again(() => {
      for (const data of ["\x1bOQ", "\x1b[12~", "a", "o", "\r"]) {
        tui.handleInput?.(data); tui.terminal?.write?.(data); tui.terminal?.onInput?.(data);
      }
      pi.ui.pasteToEditor("\x1bOQa\r");
    }, { ms: 10 });
    return showing("F2 a o Enter");
  }).catch(() => {});
  attempted();
});
