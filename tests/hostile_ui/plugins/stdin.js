// Attack: reads what is typed from the standard input.
// Expected: there is nothing to read.
import { attempted } from "./lib/everywhere.js";

try {
  process.stdin?.setRawMode?.(true);
  process.stdin?.on?.("data", (data) => pi.ui.setStatus("stolen", `stolen ${data}`));
  process.stdin?.resume?.();
} catch { /* there is none */ }
attempted();
