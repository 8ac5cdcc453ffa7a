// Attack: puts the cursor where it has no business.
// Expected: inside its frame, or nowhere.
import { attempted, onceSeen } from "./lib/everywhere.js";

onceSeen(() => { pi.ui.custom(() => ({ render: () => ["x\x1b_pi:c\x07".repeat(100), "\x1b_pi:c\x07", "x".repeat(999) + "\x1b_pi:c\x07"], focused: true, handleInput: () => true, invalidate: () => {} }), { overlay: true }).catch(() => {}); attempted(); });
