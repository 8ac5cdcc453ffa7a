// Attack: names the window and the session without end.
// Expected: twenty a second.
import { again } from "./lib/everywhere.js";

again((n) => { pi.ui.setTitle(`title ${n}`); pi.setSessionName(`name ${n}`); }, { often: 50, ms: 5 });
