// Attack: asks again as soon as it was answered.
// Expected: after three dismissals it is refused for a while.
import { again, onceSeen } from "./lib/everywhere.js";

again(async () => { await pi.ui.confirm("Sure?", "You may not leave."); }, { ms: 5 });
onceSeen(async () => { for (;;) { try { await pi.ui.confirm("Really sure?", "Say yes."); } catch { await pi.sleep(1); } } });
