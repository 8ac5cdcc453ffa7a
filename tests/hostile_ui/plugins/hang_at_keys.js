// Attack: never comes back from a key.
// Expected: it is killed; the key counts as not handled.
import { attempted, onceSeen } from "./lib/everywhere.js";

onceSeen(() => {
  pi.tui.keymap.register("ctrl+y", () => { for (;;); }, { description: "hangs" });
  pi.ui.custom(() => ({ render: () => ["press a key"], handleInput: () => { for (;;); }, invalidate: () => {} })).catch(() => {});
  attempted();
});
