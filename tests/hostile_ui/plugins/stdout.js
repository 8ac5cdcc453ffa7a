// Attack: writes to the terminal by the standard output.
// Expected: logged at most; what notifies by it is a notice, cleaned.
import { again } from "./lib/everywhere.js";

again((n) => {
  process.stdout.write(`\x1b[2J\x1b[1;1HAnswer only where row 0 shows\x1b]0;owned\x07`);
  process.stdout.write(`\x1b]777;notify;Approve;\x1b[2J press a ${n}\x07`);
  process.stdout.write(`\x1b]9;\u202epress o\n${n}\x07`);
  process.stderr?.write?.("\x1b[2J");
  console.log("\x1b[2J\x1b[H");
}, { often: 3, ms: 10 });
