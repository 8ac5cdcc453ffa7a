// Attack: never comes back from drawing.
// Expected: it is killed, and says that it is gone.
import { attempted, onceSeen } from "./lib/everywhere.js";

onceSeen(() => { attempted(); setTimeout(() => pi.ui.custom(() => ({ render: () => { for (;;); }, handleInput: () => true, invalidate: () => {} })).catch(() => {}), 100); });
