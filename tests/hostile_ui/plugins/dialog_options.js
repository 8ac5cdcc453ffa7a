// Attack: asks with a million options.
// Expected: refused: a question has a thousand.
import { attempted, onceSeen } from "./lib/everywhere.js";

onceSeen(() => {
  pi.ui.select("One of many", Array(1000000).fill("one")).catch(() => {});
  pi.ui.select("A thousand long ones", Array(1000).fill("\x1b[31m" + "x".repeat(900))).catch(() => {});
  attempted();
});
