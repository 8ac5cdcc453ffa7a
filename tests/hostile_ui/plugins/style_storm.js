// Attack: changes its style at every letter, a hundred thousand times.
// Expected: a bounded number of spans.
import { everywhere } from "./lib/everywhere.js";

everywhere(Array.from({ length: 100000 }, (_, n) => `\x1b[${n % 108};38;5;${n % 256}mx`).join(""));
