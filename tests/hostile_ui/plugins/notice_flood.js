// Attack: notifies ten thousand times a second.
// Expected: five a second; the rest is a number.
import { again } from "./lib/everywhere.js";

again((n) => pi.ui.notify(`notice ${n} ` + "x".repeat(3000), ["info", "warning", "error"][n % 3]), { often: 50, ms: 5 });
