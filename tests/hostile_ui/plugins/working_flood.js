// Attack: animates as fast as it can, in frames of every width.
// Expected: a frame each 50 ms at most.
import { again } from "./lib/everywhere.js";

again((n) => {
  pi.ui.setWorkingMessage(`working ${n}`);
  pi.ui.setWorkingVisible(n % 2 === 0);
  pi.ui.setWorkingIndicator({ frames: Array.from({ length: 5000 }, (_, at) => "\u6f22".repeat(at % 600)), intervalMs: -1e308 });
}, { often: 2, ms: 5 });
