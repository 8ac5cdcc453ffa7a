// Attack: piles a thousand marks on each letter, into the rows above.
// Expected: two marks a letter at most.
import { everywhere } from "./lib/everywhere.js";

everywhere([..."approve"].map((c) => c + "\u0316\u0317\u0318\u0319\u0489".repeat(200)).join(""));
