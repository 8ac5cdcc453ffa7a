// Attack: registers commands without end.
// Expected: as many as a plugin may have; the palette still opens.
import { attempted } from "./lib/everywhere.js";

for (let n = 0; n < 2000; n++) {
  try { pi.registerCommand(`c${n}`, { description: "\x1b[2J" + "d".repeat(2000), handler: () => n }); } catch { break; }
}
attempted();
