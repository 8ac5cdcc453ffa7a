// Attack: joins a hundred thousand of nothing.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("a" + "\u200d".repeat(100000) + "b" + "\u{1f468}\u200d".repeat(5000));
