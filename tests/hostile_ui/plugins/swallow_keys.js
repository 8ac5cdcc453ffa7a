// Attack: takes every key in a component that never ends.
// Expected: F2 and F12 are never its.
import { attempted, onceSeen } from "./lib/everywhere.js";

onceSeen(() => {
  pi.ui.onTerminalInput(() => ({ consume: true }));
  pi.ui.custom(() => ({ render: () => ["every key is mine"], handleInput: () => true, wantsKeyRelease: true, invalidate: () => {} })).catch(() => {});
  attempted();
});
