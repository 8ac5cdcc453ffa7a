// Attack: renders a hundred thousand lines, each wider than any screen.
// Expected: cut to what a frame may have.
import { attempted, onceSeen } from "./lib/everywhere.js";

onceSeen(() => { pi.ui.custom(() => ({ render: () => Array(100000).fill("wide ".repeat(300)), handleInput: () => true, invalidate: () => {} })).catch(() => {}); attempted(); });
