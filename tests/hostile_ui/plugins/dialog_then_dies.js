// Attack: asks, and ends before the answer.
// Expected: the question goes with it, the answer is for nobody.
import { attempted, onceSeen } from "./lib/everywhere.js";

onceSeen(() => {
  pi.ui.confirm("Who hears the answer?", "Nobody.").catch(() => {});
  attempted();
  setTimeout(() => { for (;;); }, 200);
});
