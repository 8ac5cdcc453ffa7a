// Attack: sets every colour anew, all the time, to one on which nothing is read.
// Expected: its own lines at most; the console's rows keep theirs.
import { again } from "./lib/everywhere.js";

again((n) => {
  for (const name of ["accent", "border", "text", "error", "muted", "dim", "selectedBg"]) pi.tui.theme.setColor(name, n % 2 ? "#000000" : "accent");
}, { often: 10, ms: 5 });
