// Attack: asks with times that are none.
// Expected: refused, or as long as a question may be.
import { attempted, onceSeen } from "./lib/everywhere.js";

onceSeen(() => {
  for (const timeout of [0, -1, NaN, Infinity, 1e308, "1", {}, [], null, 1e-9]) pi.ui.confirm("When?", "", { timeout, timeoutMs: timeout, timeout_ms: timeout }).catch?.(() => {});
  attempted();
});
