// Attack: is a million letters long.
// Expected: refused, or cut; and never drawn beyond its frame.
import { everywhere } from "./lib/everywhere.js";

everywhere("x".repeat(1000000));
