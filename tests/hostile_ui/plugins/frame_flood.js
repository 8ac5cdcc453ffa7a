// Attack: draws its component anew ten thousand times a second.
// Expected: twenty a second, the newest of them.
import { again, onceSeen } from "./lib/everywhere.js";

onceSeen(() => pi.ui.custom((tui) => {
  let n = 0;
  again(() => { n++; tui.requestRender(true); }, { often: 50, ms: 5 });
  return { render: () => [`frame ${n}`, ..."\u6f22".repeat(100)], handleInput: () => true, invalidate: () => {} };
}));
